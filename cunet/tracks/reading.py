"""The tracks of a subset, in either of the layouts that the workspace has."""

from collections.abc import Sequence
from pathlib import Path

from cunet.tracks import folder, stems
from cunet.tracks.track import Track


def read_tracks(root: Path) -> Sequence[Track]:
    """The tracks in a folder called `train` or `test`, sorted by name: as stem files, or with a folder per track.

    Raises:
        UserError: there are none, or one cannot be used.
    """
    if any(root.glob(f"*{stems.STEM_SUFFIX}")):
        return stems.tracks(root)
    return folder.tracks(root)
