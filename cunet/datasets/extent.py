"""How large a data set is."""

from dataclasses import dataclass

from cunet.settings.base import Subset


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
