"""The interface of tracks, and tracks of audio files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from cunet.audio.reading import read_audio
from cunet.errors import UserError
from cunet.names import MIXTURE
from cunet.signals.arrays import Waveform

DECODING_MEMORY = 2 * 10**9  # bytes per worker that reads tracks, one source at a time; ample for ten minutes of audio


class Track(Protocol):
    """A named song with one source per instrument."""

    @property
    def name(self) -> str:
        """Name of the track, unique in its subset."""

    @property
    def instruments(self) -> tuple[str, ...]:
        """Names of the sources, sorted."""

    def read(self, source: str) -> tuple[Waveform, int]:
        """A source, or the mixture: `(samples, channels)` float32 in [-1, 1], and its rate in Hz.

        Raises:
            UserError: the audio cannot be read, or contains NaN or infinite values.
        """


@dataclass(frozen=True)
class FileTrack:
    """A folder with one audio file per instrument, and optionally one for the mixture."""

    name: str
    files: dict[str, Path]

    @property
    def folder(self) -> Path:
        """Folder of its files."""
        return next(iter(self.files.values())).parent

    @property
    def instruments(self) -> tuple[str, ...]:
        """Names of the sources, sorted."""
        return tuple(sorted(self.files.keys() - {MIXTURE}))

    def read(self, source: str) -> tuple[Waveform, int]:
        """A source, or the mixture, which is the sum of the sources if it has no file."""
        if source in self.files:
            return read_audio(self.files[source])
        waveforms, rates = zip(*(self.read(instrument) for instrument in self.instruments), strict=True)
        if len(set(rates)) > 1:
            raise UserError(
                f"{self.name}: has no mixture, and its sources cannot be summed: they have different sample rates "
                f"({', '.join(map(str, sorted(set(rates))))} Hz). Add a mixture, or resample the sources."
            )
        return _sum(waveforms), rates[0]


def _sum(waveforms: tuple[Waveform, ...]) -> Waveform:
    """Sum of the sources; shorter ones are padded with silence, mono ones go to every channel."""
    samples = max(len(waveform) for waveform in waveforms)
    channels = max(waveform.shape[1] for waveform in waveforms)
    total = np.zeros((samples, channels), np.float32)
    for waveform in waveforms:
        total[: len(waveform)] += waveform
    return total
