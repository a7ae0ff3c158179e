"""Runs commands and stages: errors and interruptions end them in one line."""

import argparse
import errno
import gc
import hashlib
import io
import os
import re
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, get_args, get_type_hints

from cunet.errors import UserError, is_out_of_memory, no_memory
from cunet.names import readable

ENDINGS = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGXCPU")  # not all are on every system
INTERRUPTED, CLEARING = "interrupted", 1.0  # seconds to delete temporary files undisturbed
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
ADVICE = {
    errno.EBUSY: "Unmount it, or end what uses it.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "Change its permissions, or choose another place."),
    **dict.fromkeys(NO_ROOM, "Free some space and run the same command again; finished work is kept."),
}
NAME_IN_HDF5 = re.compile(r"name = '([^']+)'")


def run(command: Callable[[], None]) -> None:
    """Run a command; user errors and interruptions end it with one line and exit status 1."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller, as with `2>&-`
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 (open until the program ends)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names may contain characters that the terminal cannot show
    try:
        with _signals_as_interrupts():
            command()
            sys.stdout.flush()
    except UserError as error:
        sys.exit(f"error: {readable(error)}")
    except BrokenPipeError:
        if not _has_lost_its_reader(sys.stdout.fileno()):
            raise  # from a connection, or from another program
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python flushes the rest at exit
        sys.exit(128 + signal.SIGPIPE)
    except OSError as error:
        if is_out_of_memory(error):
            sys.exit(f"error: {readable(no_memory(error))}")
        reason = next((number for number in ADVICE if _is(number, error)), None)
        place = error.filename or next(iter(NAME_IN_HDF5.findall(str(error))), "")
        if reason is None or not (place or reason in NO_ROOM):
            raise
        sys.exit(f"error: {place and f'{readable(place)}: '}{os.strerror(reason)}. {ADVICE[reason]}")
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        sys.exit(f"error: {readable(no_memory(error))}")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        gc.freeze()  # no garbage collection of imported modules at exit, which takes seconds with TensorFlow


def _is(number: int, error: OSError) -> bool:
    """Whether an error has this number or, if it has none, HDF5's text for it."""
    return number == error.errno or (error.errno is None and os.strerror(number) in str(error))


def run_stage(main: Callable[..., None]) -> None:
    """Run `main` of a stage with the command-line arguments, in order."""
    from cunet.files import sweep

    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    for name, kind in get_type_hints(main).items():
        if choices := get_args(kind):
            parser.add_argument(name, choices=choices)
        elif name != "return":
            parser.add_argument(name, type=kind)
    arguments = vars(parser.parse_args())
    sweep()
    run(lambda: _alone(arguments.get("out"), lambda: main(**arguments)))


def _alone(out: Path | None, command: Callable[[], None]) -> None:
    """Run a command unless another process is writing the same output, as after a kill of DVC alone.

    Raises:
        UserError: one is.
    """
    from cunet.files import locked

    locks = Path(".dvc") / "tmp"
    if out is None or not locks.is_dir():
        return command()
    lock = locks / f"cunet-{hashlib.sha256(os.fsencode(out)).hexdigest()[:16]}.lock"
    lock.touch()
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(lock))
        except BlockingIOError:
            process = lock.read_text()
            raise UserError(f"{out}: process {process} is writing it. Wait until it ends, or stop it.") from None
        lock.write_text(str(os.getpid()))
        command()


def _has_lost_its_reader(descriptor: int) -> bool:
    """Whether the reader of a pipe has closed it, as in `| head -1`: programs then end silently."""
    pipe = select.poll()
    pipe.register(descriptor, 0)  # poll reports a closed pipe without a subscription to any event
    return bool(pipe.poll(0))


@contextmanager
def _signals_as_interrupts() -> Iterator[None]:
    """Handle signals that end the program like Ctrl+C, so that temporary files are deleted.

    Signals that are ignored, as under nohup, stay ignored. After the first signal, only Ctrl+C is handled, and only
    when temporary files have had time to be deleted.
    """
    ended, received, hook = 0.0, signal.SIGINT, sys.unraisablehook
    again: threading.Timer | None = None

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal ended, received
        now = time.monotonic()
        if not ended or (number == signal.SIGINT and now > ended + CLEARING):
            ended, received = now, signal.Signals(number)
            raise KeyboardInterrupt

    def repeat(ignored: Any) -> None:
        """Interrupt once more after Python has dropped the interruption, as in callbacks of the garbage collector."""
        nonlocal ended, again
        if ignored.exc_type is not KeyboardInterrupt:
            hook(ignored)
            return
        ended = 0.0
        again = threading.Timer(0.01, os.kill, (os.getpid(), received))
        again.start()

    numbers = [getattr(signal, name) for name in ENDINGS if hasattr(signal, name)]
    before = {number: handler for number in numbers if (handler := signal.getsignal(number)) != signal.SIG_IGN}
    for number in before:
        signal.signal(number, end)
    sys.unraisablehook = repeat
    try:
        yield
    finally:
        sys.unraisablehook = hook
        if again:
            again.cancel()
        if not ended:
            for number, handler in before.items():
                signal.signal(number, handler)
