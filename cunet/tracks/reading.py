"""Reads the tracks of a subset, in either layout of the workspace."""

from collections.abc import Sequence
from pathlib import Path

from cunet.tracks import folder, stems
from cunet.tracks.track import Track


def read_tracks(root: Path) -> Sequence[Track]:
    """The tracks in a folder called `train` or `test`, sorted by name: stem files, or one folder per track.

    Raises:
        UserError: there are no tracks, or one cannot be used.
    """
    if any(root.glob(f"*{stems.STEM_SUFFIX}")):
        return stems.tracks(root)
    return folder.tracks(root)
