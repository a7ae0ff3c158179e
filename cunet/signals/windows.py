"""Windows of the short-time Fourier transform."""

import numpy as np
import numpy.typing as npt


def hann_window(window: int) -> npt.NDArray[np.float64]:
    """Periodic Hann window `(window,)`."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window))


def dual_window(window: int, hop: int) -> npt.NDArray[np.float32]:
    """Synthesis window `(window,)`: analysis frames times this window add up to the waveform."""
    analysis = hann_window(window)
    power = np.zeros(-(-window // hop) * hop)
    power[:window] = analysis**2
    total = np.resize(power.reshape(-1, hop).sum(axis=0), window)
    dual: npt.NDArray[np.float32] = (analysis / total).astype(np.float32)
    return dual
