"""The size of a data set."""

from dataclasses import dataclass

from cunet.settings.base import Subset


@dataclass(frozen=True)
class Extent:
    """The size of a data set, before it is in the workspace.

    Attributes:
        tracks: number of tracks, by subset.
        seconds: seconds of music, by subset.
        sources: sources per track, without the mixture.
        audio: bytes of the tracks in the workspace.
        download: bytes of the archive to download.
    """

    tracks: dict[Subset, int]
    seconds: dict[Subset, float]
    sources: int
    audio: int
    download: int = 0
