"""Large files on disk: readable sizes, checksums and free space."""

import hashlib
import shutil
from pathlib import Path
from typing import Never

from tqdm import tqdm

from cunet.errors import UserError

UNITS = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
CHUNK = 2**18  # bytes


def checksum_of(path: Path, like: str) -> str:
    """Checksum of a file, of the same kind as `like`: `md5:<hex>` or `sha256:<hex>`."""
    algorithm = like.partition(":")[0]
    found = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file, progress_bar("checksum", 0, length(path), delay=1) as bar:
        while chunk := file.read(CHUNK):
            found.update(chunk)
            bar.update(len(chunk))
    return f"{algorithm}:{found.hexdigest()}"


def require_space(folder: Path, needed: int, what: str) -> None:
    """Raise UserError if the disk of `folder` lacks the `needed` bytes; `what` completes "needed ..."."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UserError(
            f"{folder}: {human(needed)} of disk space needed {what}, {human(free)} free. "
            f"Free another {human(needed - free)}."
        )


def human(size: float) -> str:
    """A number of bytes in readable, decimal units.

    Examples:
        >>> human(4684228845)
        '4.7 GB'
    """
    for unit, scale in UNITS:
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size:.0f} bytes"


def length(path: Path) -> int:
    """Size of a file in bytes; 0 if there is no such file."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def progress_bar(name: str, initial: int, total: int | None, delay: float = 0) -> "tqdm[Never]":
    """A progress bar in bytes."""
    return tqdm(desc=name, initial=initial, total=total, unit="B", unit_scale=True, mininterval=1, delay=delay)
