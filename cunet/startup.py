"""Start and end of a process: names in UTF-8, no orphans of DVC, and less garbage collection."""

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING

from cunet.errors import is_out_of_memory, no_memory

if TYPE_CHECKING:
    import psutil


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


def end_with_dvc() -> None:
    """Interrupt this stage when DVC ends, as by a kill of DVC alone.

    Otherwise the next `dvc repro` would delete the output while the stage still writes it. The interrupted stage
    resumes later.
    """
    if "DVC_ROOT" not in os.environ:  # run by hand, perhaps to outlive its terminal
        return
    import psutil

    with suppress(psutil.Error):  # it has ended already
        dvc = psutil.Process().parent()
        if dvc and "-m stages." in dvc.cmdline()[-1]:  # a shell such as dash, which waits for its only command
            dvc = dvc.parent()
        if dvc:
            threading.Thread(target=_end_with, args=[dvc], daemon=True).start()


def _end_with(process: "psutil.Process") -> None:
    import psutil

    with suppress(psutil.NoSuchProcess):
        while process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def name_memory_as_cause() -> None:
    """End the process in one line if an import fails for too little memory, as `cunet.cli.running` does later."""
    sys.excepthook = _in_one_line


def _in_one_line(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if is_out_of_memory(error):
        print(f"error: {no_memory(error)}", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)
