"""ASF (WMA) files, whose headers declare their size."""

from pathlib import Path

from cunet.audio.contents import open_bytes

PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")  # identifies the file properties object
SIZE = slice(40, 48)  # of the file, in this object
UNKNOWN = 2**48  # bytes: streams declare more


def is_cut_off(path: Path) -> bool:
    """Whether a file is smaller than its header declares."""
    with open_bytes(path) as file:
        head = file.read(2**16)
    place = head.find(PROPERTIES)
    declared = int.from_bytes(head[place:][SIZE], "little") if place >= 0 else 0
    return path.stat().st_size < declared < UNKNOWN
