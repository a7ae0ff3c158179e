"""A track as every kind of data set presents it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from cunet.audio import read_audio
from cunet.errors import UserError
from cunet.names import MIXTURE
from cunet.signals.arrays import Waveform

DECODING_MEMORY = 2 * 10**9  # bytes of a worker that reads tracks, one source at a time; ample for ten minutes


class Track(Protocol):
    """A named song with a source per instrument."""

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
class FileTrack:
    """A folder with an audio file per instrument, and one for the mixture or none."""

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


def _sum(waveforms: tuple[Waveform, ...]) -> Waveform:
    """Sum over sources; shorter ones end in silence, mono ones sound on every channel."""
    samples = max(len(waveform) for waveform in waveforms)
    channels = max(waveform.shape[1] for waveform in waveforms)
    total = np.zeros((samples, channels), np.float32)
    for waveform in waveforms:
        total[: len(waveform)] += waveform
    return total
