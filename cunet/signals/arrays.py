"""Types of arrays that modules share."""

import numpy as np
import numpy.typing as npt

Waveform = npt.NDArray[np.float32]  # (samples, channels), in [-1, 1]
Mono = npt.NDArray[np.float32]  # (samples,)
Complex = npt.NDArray[np.complex64]  # a spectrogram, (bins, frames)
