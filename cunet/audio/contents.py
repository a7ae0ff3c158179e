"""Opens audio files to look at their bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cunet.errors import UserError

PIECE = 2**22  # bytes read at a time; a mapped file would end the process if it shrinks or its disk fails


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read its bytes.

    Raises:
        UserError: it cannot be opened, or reading in the block fails.
    """
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
