"""Processes of a command, from outside: found, stopped and killed."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

PATIENCE = 60.0  # seconds that processes have to stop or to end


def descendants(pid: int) -> list[psutil.Process]:
    """Processes below one that may have ended."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def stage_process(pid: int) -> psutil.Process | None:
    """The Python process of the stage that a `dvc repro` runs now, below DVC and the shell."""
    for process in descendants(pid):
        with suppress(psutil.Error):
            if process.cmdline()[1:2] == ["-m"] and process.cmdline()[2].startswith("stages."):
                return process
    return None


def freeze(command: "subprocess.Popen[bytes]") -> None:
    """Stop all processes of a command's group, so that what is looked at now is what a kill will find."""
    os.killpg(command.pid, signal.SIGSTOP)
    wait_until(lambda: all(map(_stands_still, [psutil.Process(command.pid), *descendants(command.pid)])))


def kill(command: "subprocess.Popen[bytes]") -> None:
    """`kill -9` of a command, its children, and theirs."""
    group = descendants(command.pid)
    with suppress(ProcessLookupError):  # they have ended
        os.killpg(command.pid, signal.SIGKILL)
    command.wait()
    wait_until(lambda: not any(map(lives, group)))


def lives(process: psutil.Process) -> bool:
    """Whether a process has not ended."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait for a condition; it is a failure if it does not come to be in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not come to be"
        time.sleep(0.01)


def _stands_still(process: psutil.Process) -> bool:
    try:
        return process.status() in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
