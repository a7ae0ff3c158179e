"""Standard error, closed to what libraries write past Python."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.Lock()  # two threads would restore each other's standard error


@contextmanager
def quiet() -> Iterator[None]:
    """Drop what C and C++ libraries write to standard error in the block, which Python's own settings do not reach."""
    with _LOCK:
        sys.stderr.flush()
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)
