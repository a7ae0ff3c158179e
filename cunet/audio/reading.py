"""Opens audio files and reads them: the only reader of songs and stems."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from cunet.audio.decoding import decode, samples_within
from cunet.audio.libsndfile import AudioFile, open_file
from cunet.audio.wording import advice
from cunet.errors import UserError
from cunet.files import temporary_folder
from cunet.signals.arrays import Waveform

LARGEST_WHOLE = 2**30  # float32 values: more than three hours of CD audio


@contextmanager
def open_audio(path: Path, longest: float | None = None) -> Iterator[AudioFile]:
    """Open a file with libsndfile or ffmpeg; decode it to a temporary file if it cannot be read in pieces.

    Args:
        path: the file.
        longest: seconds that are needed; only these and one second more have to be intact.

    Raises:
        UserError: neither can read it, it contains no samples, its sample rate or number of channels is out of range,
            or temporary files do not fit.
    """
    limit = None if longest is None else longest + 1
    with open_file(path) as found:
        if isinstance(found, AudioFile) and found.exact and found.is_whole(samples_within(limit, found)):
            found.look_for_hole(path, samples_within(limit, found))
            yield found
        else:
            with temporary_folder() as folder, decode(path, found, folder, limit) as audio:
                yield audio


def read_audio(path: Path) -> tuple[Waveform, int]:
    """Read a whole audio file: `(samples, channels)` float32, and its sample rate in Hz.

    Raises:
        UserError: as `open_audio`; or the file is damaged, truncated or too long, or contains NaN or infinite values.
    """
    with _open_sequentially(path, holes=True) as audio:
        if audio.found:
            raise UserError(f"{path}: {audio.defect}. {advice(audio.found)}")
        if audio.samples * audio.channels > LARGEST_WHOLE:
            hours = audio.samples / audio.rate / 3600
            raise UserError(f"{path}: is too long to read at once ({hours:.1f} h). Split it.")
        try:
            waveform = audio.read(0, audio.samples)
        except UserError as error:
            raise UserError(f"{path}: {error}. Replace the file.") from None
    if audio.encoding != "PCM_16" and not np.isfinite(waveform).all():  # integers are always finite
        raise UserError(f"{path}: contains NaN or infinite values. Replace the file.")
    return waveform, audio.rate


def read_duration(path: Path) -> float:
    """Duration of a file in seconds; the file is decoded only if its header does not give it.

    Raises:
        UserError: as `open_audio`.
    """
    with _open_sequentially(path, holes=False) as audio:
        return audio.samples / audio.rate


@contextmanager
def _open_sequentially(path: Path, holes: bool) -> Iterator[AudioFile]:
    """Open a file to read it once from start to end; decode it first only if libsndfile cannot read it.

    Args:
        path: the file.
        holes: whether to search all of it for unwritten blocks of the disk.
    """
    with open_file(path) as found:
        if isinstance(found, AudioFile):
            if holes:
                found.look_for_hole(path, found.samples)
            yield found
        else:
            with open_audio(path) as audio:
                yield audio
