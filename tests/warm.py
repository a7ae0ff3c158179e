"""Start-up without imports: commands run in forks of one process that has imported the large libraries.

`programs` gives a folder to put before those of the environment in PATH. Its `python`, `dvc` and `cunet` hand over
their arguments, working folder, environment and standard streams, and end with the status of the fork. The project
itself is imported in the fork, from the working folder, as in a process of its own.
"""

import fcntl
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import numpy as np

SOCKET = "socket"
LIBRARIES = (
    *("dvc.cli", "dvc.commands.repro", "dvc.commands.experiments.run", "dvc.repo", "distributed", "pydantic", "musdb"),
    *("tensorflow", "keras", "mlflow", "mlflow.keras", "mlflow.data", "pandas", "seaborn", "matplotlib.pyplot"),
    *("scipy.signal", "scipy.stats", "statsmodels.stats.multitest", "sklearn.decomposition", "h5py", "soundfile"),
    *(
        "museval",
        "omegaconf",
        "git",
        "mlflow.store.tracking.sqlalchemy_store",
        "mlflow.system_metrics.system_metrics_monitor",
    ),
    *(
        "sqlalchemy.dialects.sqlite",
        "dvc.commands.queue.start",
        "dvc.repo.experiments.queue.celery",
        "networkx",
        "pygit2",
    ),
    *("hydra.core.override_parser.overrides_parser", "distributed.diagnostics"),
)
CLIENT = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    asked = json.dumps([{name!r}, sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [len(asked).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(asked)
    answer = server.recv(4)
status = int.from_bytes(answer, "big", signed=True) if answer else 1  # whoever ran it died
if status < 0:
    os.kill(os.getpid(), -status)
sys.exit(status)
"""


def programs(folder: Path, owner: int) -> Path:
    """A folder with the three programs, for as long as the process `owner` lives; made by the first who asks."""
    address = str(folder / SOCKET)
    with one_at_a_time(folder):
        if not Path(address).exists():
            for name in ("python", "dvc", "cunet"):
                program = folder / "bin" / name
                program.parent.mkdir(exist_ok=True)
                program.write_text(CLIENT.format(python=sys.executable, address=address, name=name))
                program.chmod(0o755)
            _start(address, owner, folder / "log")
    return folder / "bin"


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """A folder for this process alone, made where it is not there; others that want it wait."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start(address: str, owner: int, log: Path) -> None:
    with log.open("wb") as file:
        command = [sys.executable, __file__, address, str(owner)]
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    while not Path(address).exists():
        assert server.poll() is None, log.read_text()
        time.sleep(0.05)


def serve(address: str, owner: int) -> None:
    """Import, then fork for every command that is asked for, until the process `owner` ends."""
    end = os.pidfd_open(owner)
    gc.disable()
    os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "1"}
    for library in LIBRARIES:
        importlib.import_module(library)
    gc.freeze()
    gc.enable()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that supervise
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{address}.part")
        server.listen(64)
        os.rename(f"{address}.part", address)
        while end not in select.select([server.fileno(), end], [], [])[0]:
            connection, _ = server.accept()
            if os.fork() == 0:
                server.close()
                os.close(end)
                _supervise(connection)
            connection.close()


def _supervise(connection: socket.socket) -> NoReturn:
    """Run a command in a fork and answer with its status; kill it where the client is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    header, streams, _, _ = socket.recv_fds(connection, 4, 3)
    asked = b""
    while len(asked) < int.from_bytes(header, "big"):
        asked += connection.recv(1 << 16)
    child = os.fork()
    if child == 0:
        connection.close()
        _run(streams, *json.loads(asked))
    for stream in streams:
        os.close(stream)
    ended = os.pidfd_open(child)
    ready, _, _ = select.select([ended, connection.fileno()], [], [])
    if ended not in ready:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if ended in ready:
        connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, "big", signed=True))
    os._exit(0)


def _run(streams: list[int], program: str, arguments: list[str], folder: str, environment: dict[str, str]) -> NoReturn:
    """Become the command, as far as Python can see; what it raises ends the process as in one of its own."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ |= environment
    np.random.seed()  # else every fork draws the same
    sys.dont_write_bytecode = "PYTHONDONTWRITEBYTECODE" in environment
    scripts = Path(sys.executable).parent
    if program != "python":
        sys.path[0], sys.argv = str(scripts), [str(scripts / program), *arguments]
        runpy.run_path(sys.argv[0], run_name="__main__")
    elif arguments[0] == "-m":
        sys.path[0], sys.argv = folder, arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.path[0], sys.argv = folder, ["-c", *arguments[2:]]
        exec(compile(arguments[1], "<string>", "exec"), vars(sys.modules["__main__"]))
    sys.exit()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
