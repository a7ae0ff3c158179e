"""A track as every kind of data set presents it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import soundfile

from cunet.errors import UserError
from cunet.params import Subset

Waveform = npt.NDArray[np.float32]
MIXTURE = "mixture"
BLOCK = 2**16  # samples decoded at a time, that fit the cache
DECODING_MEMORY = 2 * 10**9  # bytes of a worker that reads tracks, one source at a time; ample for ten minutes


class Track(Protocol):
    """A named song with a source an instrument."""

    @property
    def name(self) -> str:
        """Name of the track, unique in its subset."""

    @property
    def instruments(self) -> tuple[str, ...]:
        """Names of the sources, sorted."""

    def read(self, source: str) -> tuple[Waveform, int]:
        """A source, or the mixture: `(samples, channels)` float32 in [-1, 1], and its rate in Hz.

        Raises:
            UserError: the audio cannot be read, or holds values that are not finite.
        """


@dataclass(frozen=True)
class Extent:
    """How large a data set is, before it is in the workspace.

    Attributes:
        tracks: number of them, by subset.
        seconds: of music, by subset.
        sources: of a track, without the mixture.
        audio: bytes of the tracks in the workspace.
        download: bytes of the archive that is downloaded.
    """

    tracks: dict[Subset, int]
    seconds: dict[Subset, float]
    sources: int
    audio: int
    download: int = 0


@dataclass(frozen=True)
class FileTrack:
    """A folder with an audio file an instrument, and one for the mixture or none."""

    name: str
    files: dict[str, Path]

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return next(iter(self.files.values())).parent

    @property
    def instruments(self) -> tuple[str, ...]:
        """Names of the sources, sorted."""
        return tuple(sorted(self.files.keys() - {MIXTURE}))

    def read(self, source: str) -> tuple[Waveform, int]:
        """A source; the mixture is the sum of the sources where it has no file."""
        if source in self.files:
            return read_audio(self.files[source])
        waveforms, rates = zip(*(self.read(instrument) for instrument in self.instruments), strict=True)
        if len(set(rates)) > 1:
            raise UserError(
                f"{self.name}: no mixture, and sources of different sample rates "
                f"({', '.join(map(str, sorted(set(rates))))} Hz) cannot be summed: add a mixture or resample them"
            )
        return _sum(waveforms), rates[0]


def read_audio(path: Path) -> tuple[Waveform, int]:
    """Decode a file: `(samples, channels)` float32, and its rate in Hz."""
    try:
        with soundfile.SoundFile(path) as file:
            waveform, rate = _decode(file), file.samplerate
            whole = file.subtype == "PCM_16"  # whole numbers are finite
    except soundfile.LibsndfileError as error:
        raise UserError(f"{path}: cannot be decoded ({error.error_string}): replace the file") from None
    if not len(waveform):
        raise UserError(f"{path}: holds no samples: replace the file")
    if not whole and not np.isfinite(waveform).all():
        raise UserError(f"{path}: holds values that are not finite (NaN or infinite): replace the file")
    return waveform, rate


def _decode(file: soundfile.SoundFile) -> Waveform:
    """All samples; those of 16 bits are scaled here, to the same values in half of libsndfile's time."""
    if file.subtype != "PCM_16":
        return np.asarray(file.read(dtype="float32", always_2d=True))
    waveform, start = np.empty((file.frames, file.channels), np.float32), 0
    block = np.empty((BLOCK, file.channels), np.int16)
    while len(some := file.read(out=block)):
        np.multiply(some, np.float32(2**-15), out=waveform[start : start + len(some)])
        start += len(some)
    return waveform[:start]


def read_duration(path: Path) -> float:
    """Seconds of a file, without decoding it."""
    try:
        return float(soundfile.info(path).duration)
    except soundfile.LibsndfileError as error:
        raise UserError(f"{path}: cannot be decoded ({error.error_string}): replace the file") from None


def _sum(waveforms: tuple[Waveform, ...]) -> Waveform:
    """Sum over sources; shorter ones end in silence, mono ones sound on every channel."""
    samples = max(len(waveform) for waveform in waveforms)
    channels = max(waveform.shape[1] for waveform in waveforms)
    total = np.zeros((samples, channels), np.float32)
    for waveform in waveforms:
        total[: len(waveform)] += waveform
    return total
