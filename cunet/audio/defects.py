"""Defects of files that can still be read; `cunet.audio.wording` has the text of each."""

from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """What is wrong with a file."""

    TOO_SHORT = auto()  # its header declares less than it contains
    UNCLOSED = auto()  # its header declares no length
    MALFORMED = auto()
    CUT_OFF = auto()
    ENDS_EARLY = auto()
    LOST_PARTS = auto()
    DAMAGED = auto()
    HOLE = auto()


@dataclass(frozen=True)
class Defect:
    """What is wrong with a file.

    Attributes:
        kind: what it is.
        seconds: that can be decoded (`ENDS_EARLY`, `DAMAGED`), that cannot (`LOST_PARTS`), or where it begins (`HOLE`).
        until: the declared duration in seconds (`ENDS_EARLY`), or where it ends (`HOLE`).
        missing: samples (`ENDS_EARLY`).
        complaint: of ffmpeg (`DAMAGED`).
    """

    kind: Kind
    seconds: float = 0
    until: float = 0
    missing: int = 0
    complaint: str = ""


def ends_early(samples: int, declared: int, rate: int) -> Defect:
    """A file has fewer samples than its header declares."""
    return Defect(Kind.ENDS_EARLY, samples / rate, declared / rate, declared - samples)
