"""What keeps the start and the end of a process short."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Import a large library, such as TensorFlow, or load what needs it, without the garbage collector.

    An import allocates millions of objects that stay for good. The collector would search them again and again, and
    once more at exit.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()
