"""Which names tracks cannot have."""

from collections.abc import Iterable
from pathlib import Path

from cunet.errors import UserError
from cunet.names import LONGEST, is_control, normalise, readable

# Names that DVC and git ignore, and the name that the picture of another track has.
TAKEN = (".part", ".png")


def check_tracks(root: str | Path, names: Iterable[str]) -> None:
    """Check that files can be called after tracks, and that no two tracks have the same name.

    Args:
        root: where the tracks are.
        names: of their folders or files, without suffixes, as they are there.

    Raises:
        UserError: names the first track at fault.
    """
    seen: dict[str, str] = {}
    for name in names:
        if fault := _fault(name):
            raise UserError(f"{readable(root)}/{readable(name)}: {fault}: rename the track")
        key = normalise(name).casefold()
        if key in seen:
            raise UserError(
                f"{root}/{name}: {seen[key]} is there as well, which differs in capitals or in the form of its "
                "characters alone: rename one of them"
            )
        seen[key] = name


def _fault(name: str) -> str:
    """Why files cannot be called after a track; empty where they can."""
    try:
        length = len(normalise(name).encode())
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    if length > LONGEST:
        return f"its name has {length} bytes, and {LONGEST} is the most, since suffixes are added to it"
    if any(map(is_control, name)):
        return "its name has a line break or another control character"
    if name.casefold().endswith(TAKEN):
        return f"no track may end in {' or '.join(TAKEN)}, as unfinished files and pictures do"
    return ""
