"""Commands that serve pages, such as `mlflow ui` and `cunet app`, for screenshots and tests."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cunet.errors import UserError

PATIENCE = 120  # seconds that a server may take to answer


@contextmanager
def served(
    *command: str, folder: Path | None = None, environment: Mapping[str, str] = os.environ, ready: str = "/"
) -> Iterator[str]:
    """A command of the virtual environment on a free port; yields its address when it answers to the path `ready`.

    Raises:
        UserError: it does not.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    process = subprocess.Popen(
        [Path(sys.executable).parent / command[0], *command[1:], "--port", port],
        cwd=folder,
        env={"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"} | dict(environment),  # a second process, unused
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, ready)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # its workers as well
        process.wait()


def _wait(address: str, ready: str) -> None:
    for _ in range(2 * PATIENCE):
        try:
            urllib.request.urlopen(f"{address}{ready}").close()
            return
        except OSError:
            time.sleep(0.5)
    raise UserError(f"{address} does not answer")
