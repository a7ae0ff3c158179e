"""What the player is given: see `player.js`."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from cunet.signals.arrays import Waveform

COLUMNS = 400  # of a waveform
FULL_SCALE = 1000  # of its peaks
Address = str | dict[str, Any]  # of a file; or what Gradio makes of one


@dataclass(frozen=True)
class Source:
    """An audio file; where it is several, one after another, the bytes where they begin, and where the last ends."""

    address: Address
    pieces: list[int] | None = None


@dataclass(frozen=True)
class Download:
    """A file to keep, and its name."""

    address: Address
    name: str


@dataclass(frozen=True)
class Sound:
    """A row of the player.

    Attributes:
        title: of the row.
        parts: numbers of sources, and the weight of each in their sum.
        peaks: of the waveform, in thousandths of full scale.
        note: beside the title.
        download: a file with the sound.
    """

    title: str
    parts: list[tuple[int, float]]
    peaks: list[int]
    note: str = ""
    download: Download | None = None


@dataclass(frozen=True)
class Player:
    """All that one player shows and plays.

    Attributes:
        label: what is played.
        seconds: length of every sound.
        rate: of the samples in Hz.
        sources: audio files.
        targets: rows by the name of a target that can be chosen; the first of each is the mixture.
        piece: seconds of a piece, where sources are in pieces.
        stems: whether the rows after the first add up to it.
        archive: all sounds in one file.
    """

    label: str
    seconds: float
    rate: int
    targets: dict[str, list[Sound]]
    sources: list[Source] = field(default_factory=list)
    piece: float | None = None
    stems: bool = False
    archive: Download | None = None

    def data(self) -> dict[str, Any]:
        """What `show` of the element takes."""
        return asdict(self)


def peaks(samples: int, read: Callable[[int, int], Waveform]) -> list[int]:
    """Largest magnitude of every column, in thousandths of full scale; `read` gives samples from one to another."""
    edges = np.linspace(0, samples, min(COLUMNS, samples) + 1).astype(int).tolist()
    return [round(float(np.abs(read(start, stop)).max()) * FULL_SCALE) for start, stop in pairwise(edges)]
