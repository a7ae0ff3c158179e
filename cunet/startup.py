"""Faster start and end of a process."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Import a large library such as TensorFlow, or load what needs it, with the garbage collector off.

    An import allocates millions of permanent objects. The collector would scan them repeatedly, and again at exit.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()
