"""Checks of the names of tracks."""

from collections.abc import Iterable
from pathlib import Path

from cunet.errors import UserError
from cunet.names import LONGEST, is_control, normalise, readable

# Suffixes of files that DVC and git ignore, and of pictures of tracks.
TAKEN = (".part", ".png")


def check_tracks(root: str | Path, names: Iterable[str]) -> None:
    """Check that the names of tracks are valid and unique.

    Args:
        root: folder of the tracks.
        names: names of their folders or files, without suffixes.

    Raises:
        UserError: a name is invalid or duplicated.
    """
    seen: dict[str, str] = {}
    for name in names:
        if fault := _fault(name):
            raise UserError(f"{readable(root)}/{readable(name)}: {fault}. Rename the track.")
        key = normalise(name).casefold()
        if key in seen:
            raise UserError(
                f"{root}/{name}: differs from {seen[key]} only in case or in the Unicode form of its characters. "
                "Rename one of them."
            )
        seen[key] = name


def _fault(name: str) -> str:
    """Why a name is invalid; empty if it is valid."""
    try:
        length = len(normalise(name).encode())
    except UnicodeEncodeError:
        return "the name is not UTF-8"
    if length > LONGEST:
        return f"the name is too long ({length} bytes; at most {LONGEST}, since suffixes are added)"
    if any(map(is_control, name)):
        return "the name has a line break or another control character"
    if name.casefold().endswith(TAKEN):
        return f"the name ends in {' or '.join(TAKEN)}, which mark unfinished files and pictures"
    return ""
