"""Start and end of a process: names in UTF-8, and less garbage collection."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from cunet.errors import is_out_of_memory, no_memory


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


def in_utf8() -> None:
    """Start this program again in Python's UTF-8 mode if the locale has another encoding for the names of files.

    Files, `params.yaml` and models name tracks and instruments in UTF-8. Output keeps the encoding of the terminal.
    """
    if sys.getfilesystemencoding().lower() in ("utf-8", "utf8") or sys.flags.utf8_mode:
        return
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    os.environ["PYTHONUTF8"] = "1"  # also for the processes that this one starts
    os.environ.setdefault("PYTHONIOENCODING", f"{encoding}:backslashreplace")
    os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def name_memory_as_cause() -> None:
    """End the process in one line if an import fails for too little memory, as `cunet.cli.running` does later."""
    sys.excepthook = _in_one_line


def _in_one_line(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if is_out_of_memory(error):
        print(f"error: {no_memory(error)}", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)
