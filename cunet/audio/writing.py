"""Writes short audio files."""

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile


def write_audio(path: Path, waveform: npt.NDArray[np.float32 | np.int16], rate: int) -> None:
    """Write a 16-bit file in the format that its suffix names; samples above full scale are clipped.

    It is encoded in memory, because libsndfile reports a full disk as "System error".

    Args:
        path: such as `mixture.wav`.
        waveform: `(samples,)` or `(samples, channels)`.
        rate: sample rate in Hz.

    Raises:
        OSError: the file cannot be written; with its name.
    """
    encoded = io.BytesIO()
    soundfile.write(encoded, waveform, rate, format=path.suffix[1:].upper(), subtype="PCM_16")
    try:
        path.write_bytes(encoded.getbuffer())
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
