"""Audio that is read in pieces, and the accepted sample rates and numbers of channels."""

from abc import ABC, abstractmethod

import numpy as np

from cunet.errors import UserError
from cunet.signals.arrays import Waveform

LOWEST_RATE, HIGHEST_RATE = 1_000, 1_000_000  # Hz
MOST_CHANNELS = 64


class Audio(ABC):
    """Audio that is read in pieces; silence before its start and after its end.

    Attributes:
        rate: sample rate in Hz.
        samples: length in samples.
        channels: number of channels.
    """

    rate: int
    samples: int
    channels: int

    @property
    def defect(self) -> str:
        """What is wrong with a readable file: the end of a sentence that begins with its name; empty if nothing is."""
        return ""

    def read(self, start: int, stop: int) -> Waveform:
        """Samples `start` to `stop`, `(stop - start, channels)` float32; both may lie outside the audio."""
        first, last = (min(max(place, 0), self.samples) for place in (start, stop))
        piece = self._read(first, last) if first < last else np.zeros((0, self.channels), np.float32)
        if len(piece) == stop - start:
            return piece
        before = min(max(-start, 0), stop - start)
        return np.pad(piece, ((before, stop - start - before - len(piece)), (0, 0)))

    @abstractmethod
    def _read(self, start: int, stop: int) -> Waveform:
        """The same, for positions inside the audio."""


def check_bounds(rate: int, channels: int) -> None:
    """Check sample rate and number of channels before any memory is allocated.

    Raises:
        UserError: the rate in Hz or the number of channels is out of range; the text completes a sentence.
    """
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise UserError(f"has a sample rate of {rate} Hz. Convert it to between {LOWEST_RATE} and {HIGHEST_RATE} Hz.")
    if channels > MOST_CHANNELS:
        raise UserError(f"has {channels} channels. Convert it to {MOST_CHANNELS} or fewer.")
