"""Names of songs, tracks and instruments: how they are compared, and which of them cannot be used."""

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from cunet.errors import UserError

# What operating systems, network drives and Python leave in folders; `.dvcignore` has the same list.
SCATTERED = frozenset(
    {
        *("@eadir", "@recycle", "@tmp", "#recycle", "#snapshot", "$recycle.bin", "system volume information"),
        *("__macosx", "network trash folder", "temporary items", "lost+found"),
        *("thumbs.db", "ehthumbs.db", "desktop.ini", "__pycache__"),
    }
)
LONGEST = 200  # bytes in UTF-8; most file systems allow 255, and suffixes such as .csv.part come on top
# Names that DVC and git ignore, and the name that the picture of another track has.
TAKEN = (".part", ".png")
CONTROLS = ("Cc", "Zl", "Zp")  # Unicode categories: control characters, line and paragraph separators


def normalise(name: str) -> str:
    """A name in Unicode's composed form: macOS and zip files write `é` as two characters, keyboards as one."""
    return unicodedata.normalize("NFC", name)


def is_scattered(name: str) -> bool:
    """Whether a file or folder of this name is neither a song nor a track: hidden, or left there by a system.

    A title may begin with several dots, as in `...And Justice for All`.
    """
    hidden = name.startswith(".") and not name.startswith("..")
    return hidden or normalise(name).casefold() in SCATTERED


def readable(name: object) -> str:
    """Names as they can be shown: on one line, with bytes that are not UTF-8 as hexadecimal numbers."""
    text = str(name).encode(errors="surrogateescape").decode(errors="backslashreplace")
    return "".join(repr(character)[1:-1] if _is_control(character) else character for character in text)


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
    if any(map(_is_control, name)):
        return "its name has a line break or another control character"
    if name.casefold().endswith(TAKEN):
        return f"no track may end in {' or '.join(TAKEN)}, as unfinished files and pictures do"
    return ""


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in CONTROLS
