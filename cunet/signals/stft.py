"""The short-time Fourier transform and its inverse."""

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from cunet.settings.spectrogram import Spectrogram
from cunet.signals.arrays import Complex, Mono
from cunet.signals.resampling import fit_length
from cunet.signals.windows import dual_window, hann_window

BLOCK = 64  # frames at a time; fits the cache


def stft(mono: Mono, settings: Spectrogram) -> Complex:
    """Complex spectrogram `(bins, frames)` of a waveform `(samples,)`.

    Frames are those of `scipy.signal.ShortTimeFFT` with a periodic Hann window: centres are `hop` samples apart,
    starting at sample 0, and phases refer to the centre.
    """
    half, hop, window = settings.window // 2, settings.hop, hann_window(settings.window)
    first, last = _frame_range(len(mono), settings)
    padded = np.zeros((last - first - 1) * hop + settings.window, np.float32)
    before = half - first * hop
    padded[before : before + len(mono)] = mono[: len(padded) - before]
    frames = sliding_window_view(padded, settings.window)[::hop]
    spectrogram = np.empty((len(frames), half + 1), np.complex64)
    block = np.empty((BLOCK, settings.window))
    for start in range(0, len(frames), BLOCK):
        some = frames[start : start + BLOCK]
        turned = block[: len(some)]  # the centre comes first
        np.multiply(some[:, half:], window[half:], out=turned[:, :half])
        np.multiply(some[:, :half], window[:half], out=turned[:, half:])
        spectrogram[start : start + BLOCK] = np.fft.rfft(turned)
    return spectrogram.T


def istft(spectrogram: Complex, samples: int, settings: Spectrogram) -> Mono:
    """The waveform `(samples,)` whose spectrogram `(bins, frames)` is nearest in the least-squares sense.

    Examples:
        >>> settings = Spectrogram(sample_rate=8192, window=1024, hop=768)
        >>> waveform = np.sin(np.arange(8192) / 10).astype(np.float32)
        >>> spectrogram = stft(waveform, settings)
        >>> spectrogram.shape
        (513, 12)
        >>> bool(np.allclose(istft(spectrogram, 8192, settings), waveform, atol=1e-5))
        True
    """
    size, hop, half = settings.window, settings.hop, settings.window // 2
    dual = dual_window(size, hop)
    turns = -(-size // hop)  # frames at this distance do not overlap
    rows = -(-spectrogram.shape[1] // turns)
    total = np.zeros((rows + 1) * turns * hop, np.float32)
    for start in range(0, rows, BLOCK):
        for turn in range(turns):
            frames = spectrogram[:, turn + start * turns : turn + (start + BLOCK) * turns : turns]
            pieces = np.fft.fftshift(np.fft.irfft(frames.T, n=size), axes=1) * dual
            place = total[(turn + start * turns) * hop :][: len(pieces) * turns * hop].reshape(-1, turns * hop)
            place[:, :size] += pieces
    before = half - _frame_range(samples, settings)[0] * hop
    return fit_length(total[before:, None], samples)[:, 0]


def frame_count(samples: int, settings: Spectrogram) -> int:
    """Number of frames in the spectrogram of `samples`."""
    first, last = _frame_range(samples, settings)
    return last - first


def frame_centres(first: int, last: int, settings: Spectrogram) -> npt.NDArray[np.float64]:
    """Centres of the frames `first` to `last` in seconds from the start of the waveform."""
    hops = np.arange(first, last) + _frame_range(0, settings)[0]
    return np.asarray(hops * settings.hop / settings.sample_rate, np.float64)


def _frame_range(samples: int, settings: Spectrogram) -> tuple[int, int]:
    """The first frame, and the one after the last, that overlap `samples`, which count as at least one window.

    Frame 0 is centred on sample 0. The first value of the window is zero and does not count.
    """
    half, hop = settings.window // 2, settings.hop
    return 1 - -(-half // hop), -(-(max(samples, settings.window) - 1 + half) // hop)
