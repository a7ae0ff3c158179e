"""Errors and signals in any command."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import psutil
import pytest
import soundfile

from cunet.cli.running import ENDINGS, run
from cunet.errors import UserError, is_out_of_memory, no_memory
from tests.conftest import ROOT
from tests.disks import mounted


def fill_with_hdf5(path: Path) -> None:
    with h5py.File(path / "x.h5", "w") as file:
        file["x"] = np.zeros(10**6)


def fill_with_bytes(path: Path) -> None:
    (path / "x").write_bytes(bytes(10**7))


@pytest.mark.parametrize("fill", [fill_with_hdf5, fill_with_bytes])
def test_a_full_disk_is_one_line(small_disk: Path, fill: Callable[[Path], None]) -> None:
    with pytest.raises(SystemExit) as stop:
        run(lambda: fill(small_disk))
    message = str(stop.value)
    assert message.startswith("error: ")
    assert "No space left on device. Free some space" in message
    assert "\n" not in message


@pytest.mark.parametrize(("fill", "name"), [(fill_with_hdf5, "x.h5"), (fill_with_bytes, "x")])
def test_a_folder_that_is_read_only_is_one_line(tmp_path: Path, fill: Callable[[Path], None], name: str) -> None:
    with (
        mounted(tmp_path / "read-only", "-t", "tmpfs", "-o", "ro", "none") as folder,
        pytest.raises(SystemExit) as stop,
    ):
        run(lambda: fill(folder))
    assert str(stop.value) == (
        f"error: {folder / name}: Read-only file system. Change its permissions, or choose another place."
    )


def test_other_system_errors_keep_their_traceback(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run(lambda: fill_with_bytes(tmp_path / "nowhere"))


def test_a_user_error_is_one_line_and_status_one() -> None:
    def wrong() -> None:
        raise UserError("params.yaml: film: no such film")

    with pytest.raises(SystemExit) as stop:
        run(wrong)
    assert stop.value.code == "error: params.yaml: film: no such film"


REFUSED = [
    MemoryError("Unable to allocate 1.68 MiB"),
    RuntimeError("Exception during initialization: std::bad_alloc"),
    RuntimeError("can't start new thread"),
    OSError(12, "Cannot allocate memory"),
    ImportError("onnxruntime.so: failed to map segment from shared object"),
]


@pytest.mark.parametrize("error", REFUSED, ids=str)
def test_too_little_memory_is_one_line(error: Exception) -> None:
    def refused() -> None:
        raise error

    with pytest.raises(SystemExit) as stop:
        run(refused)
    message = str(stop.value)
    assert message.startswith("error: not enough memory (")
    assert message.endswith("Close other programs, or raise this process's limit.")
    assert "\n" not in message


@pytest.mark.parametrize(
    "said",
    [
        "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8 GB",
        "OOM when allocating tensor with shape[64,8] on /job:localhost/task:0/device:GPU:0 by allocator GPU_0_bfc",
        "CUDA_ERROR_OUT_OF_MEMORY",
    ],
)
def test_too_little_memory_of_the_gpu_is_named(said: str) -> None:
    assert is_out_of_memory(RuntimeError(said))
    assert no_memory(RuntimeError(said)) == (
        f"The GPU has too little memory ({said}). Lower train.batch_size, or free the GPU."
    )


def test_too_little_memory_of_the_processor_is_not_the_gpus() -> None:
    error = RuntimeError("OOM when allocating tensor with shape[64,8] on /job:localhost/device:CPU:0 by allocator cpu")
    assert no_memory(error).startswith("not enough memory (")


def test_the_name_of_a_file_is_no_error() -> None:
    with pytest.raises(FileNotFoundError):
        run(lambda: fill_with_bytes(Path("Permission denied")))


def test_the_name_of_a_file_is_no_lack_of_memory() -> None:
    assert not is_out_of_memory(OSError(errno.EACCES, "Permission denied", "Out of Memory/song.mp3"))
    assert not is_out_of_memory(UserError("Out of Memory/song.mp3: is empty"))


def test_a_locked_file_is_not_taken_for_too_little_memory() -> None:
    assert not is_out_of_memory(BlockingIOError(11, "unable to lock file: Resource temporarily unavailable"))


def separate_within(megabytes: int, folder: Path) -> "subprocess.CompletedProcess[str]":
    command = f'ulimit -v {1024 * megabytes}; exec "$0" -m cunet separate song.wav --out {megabytes}'
    return subprocess.run(
        ["bash", "-c", command, sys.executable],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


def test_separating_in_too_little_memory_is_one_line(tmp_path: Path) -> None:
    """The less there is, the earlier it runs out: in the transform, the network, or at its import."""
    soundfile.write(tmp_path / "song.wav", np.zeros((22050, 2)), 22050)
    failed = []
    for megabytes in (340, 300, 260, 220, 180):  # how much is needed differs by machine
        before = set(tmp_path.rglob("*"))
        done = separate_within(megabytes, tmp_path)
        if done.returncode:
            failed.append(megabytes)
            assert "emory" in done.stderr.splitlines()[-1]
            assert "Traceback" not in done.stderr
            assert {path for path in tmp_path.rglob("*") if path.is_file()} <= before
    assert failed


def test_a_stage_without_memory_for_its_libraries_ends_in_one_line(tmp_path: Path) -> None:
    command = f'ulimit -v {1024 * 900}; exec "$0" -m stages.train --help'
    done = subprocess.run(
        ["bash", "-c", command, sys.executable], cwd=ROOT, capture_output=True, text=True, env={**os.environ}
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: not enough memory (")
    assert "Traceback" not in done.stderr


def test_names_are_utf_8_in_any_locale(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "Größe.wav", np.zeros((2205, 2)), 22050)
    done = subprocess.run(
        [sys.executable, "-m", "cunet", "separate", "Größe.wav", "--target", "gesäng"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        capture_output=True,
        text=True,
    )
    assert done.stderr.splitlines()[-1].startswith(r"error: unknown instrument 'ges\xe4ng'")


LONG = """
import sys, time
from pathlib import Path
from cunet.cli.running import run
from cunet.files import new_folder
def work():
    with new_folder(Path("out")) as folder:
        (folder / "half").touch()
        print("ready", flush=True)
        time.sleep(60)
run(work)
"""


@contextmanager
def working(folder: Path, *before: str) -> Iterator["subprocess.Popen[str]"]:
    """A command at work in a folder, which is then left as it was found."""
    process = subprocess.Popen(
        [*before, sys.executable, "-c", LONG],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (1, "interrupted\n")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ENDINGS)
def test_signals_leave_nothing_half_written(tmp_path: Path, name: str) -> None:
    with working(tmp_path) as process:
        process.send_signal(getattr(signal, name))


def test_several_signals_end_a_command_once(tmp_path: Path) -> None:
    with working(tmp_path) as process:
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGHUP):
            process.send_signal(number)


SLOWLY = LONG.replace(
    "run(work)",
    """
def slowly():
    try:
        work()
    finally:
        time.sleep(0.5)
        Path("cleared").touch()
run(slowly)""",
)


def test_a_second_ctrl_c_waits_until_temporary_files_are_deleted(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SLOWLY],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            time.sleep(0.2)
        assert process.communicate(timeout=30)[1] == "interrupted\n"
    assert [path.name for path in tmp_path.iterdir()] == ["cleared"]


DROPPED = """
import gc, time
from cunet.cli.running import run
def look(phase, info):
    if phase == "start":
        print("ready", flush=True)
        time.sleep(0.5)
def work():
    gc.callbacks.append(look)
    gc.collect()
    gc.callbacks.remove(look)
    time.sleep(60)
run(work)
"""


def test_an_interruption_in_a_callback_is_repeated() -> None:
    """Exceptions in callbacks of the garbage collector, or in `__del__`, end there."""
    command = [sys.executable, "-c", DROPPED]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGHUP)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (1, "interrupted\n")


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"])
def test_a_signal_during_imports_prints_nothing(tmp_path: Path, name: str) -> None:
    """With its libraries it takes seconds, and has not begun."""
    (tmp_path / "keras.py").write_text("import time; print('ready', flush=True); time.sleep(60)")
    command = [sys.executable, "-m", "stages.train"]
    paths = {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=tmp_path, env=os.environ | paths, stdout=pipe, stderr=pipe, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(getattr(signal, name))
        assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == -getattr(signal, name)


LOOP = 'for song in 1 2; do "$0" -m cunet separate - --out out; echo again; done'


def test_an_interruption_ends_a_loop_of_the_shell(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with subprocess.Popen(
        ["bash", "-c", LOOP, sys.executable],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as shell:
        while not list(temporary.glob("cunet-*/stdin")):  # it waits for a song
            time.sleep(0.01)
        os.killpg(shell.pid, signal.SIGINT)
        out, err = shell.communicate(timeout=30)
    assert (out, err) == ("", "interrupted\n")
    assert list(temporary.iterdir()) == []


def test_ignored_signals_stay_ignored(tmp_path: Path) -> None:
    ignored = (
        "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    with working(tmp_path, sys.executable, "-c", ignored) as process:
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(signal.SIGTERM)


def test_signal_handlers_are_restored() -> None:
    before = signal.getsignal(signal.SIGTERM)
    run(lambda: None)
    assert signal.getsignal(signal.SIGTERM) == before


TALK = [sys.executable, "-c", "from cunet.cli.running import run; run(lambda: [print(n) for n in range(10**5)])"]


def test_a_closed_pipe_ends_a_command_silently() -> None:
    with subprocess.Popen(TALK, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as talking:
        assert talking.stdout is not None and talking.stderr is not None
        assert talking.stdout.readline() == b"0\n"
        talking.stdout.close()
        assert talking.stderr.read() == b""
    assert talking.returncode == 128 + signal.SIGPIPE


def test_a_command_works_with_closed_outputs(tmp_path: Path) -> None:
    code = (
        "import sys; from cunet.cli.running import run; run(lambda: [print('x', file=sys.stderr), open('done', 'w')])"
    )
    command = f'"{sys.executable}" -c "{code}" >&- 2>&-'
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    assert subprocess.run(command, shell=True, cwd=tmp_path, env=environment, check=False).returncode == 0
    assert (tmp_path / "done").exists()


STAGE = """
import time
from pathlib import Path
from cunet.cli.running import run_stage

def main(out: Path, seconds: float) -> None:
    print("running", flush=True)
    time.sleep(seconds)

run_stage(main)
"""


def test_two_runs_of_a_stage_do_not_write_the_same_output(tmp_path: Path) -> None:
    """As after SIGTERM to DVC alone, which leaves its stage running."""
    (tmp_path / ".dvc" / "tmp").mkdir(parents=True)
    (tmp_path / "stage.py").write_text(STAGE)

    def start(out: str, seconds: int) -> "subprocess.Popen[str]":
        command = [sys.executable, "stage.py", out, str(seconds)]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=pipe, stderr=pipe, text=True)

    with start("models/0", 60) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "running\n"
        second, other = start("models/0", 0), start("models/1", 0)
        said = f"error: models/0: process {first.pid} is writing it. Wait until it ends, or stop it.\n"
        assert second.communicate() == ("", said)
        assert second.returncode == 1
        assert other.communicate() == ("running\n", "")
        first.kill()
    third = start("models/0", 0)
    assert third.communicate() == ("running\n", "")


ORPHANED = """
import os, subprocess, sys
command = f"{sys.executable} -m stages.stage models/0 60"
stage = subprocess.Popen([*sys.argv[1:], command], stdout=subprocess.PIPE, text=True)
print(stage.stdout.readline().strip(), flush=True)
os.kill(os.getpid(), 9)
"""
DVC_STAGE = """
import os, sys, time
from pathlib import Path
from cunet.cli.running import run_stage

def main(out: Path, seconds: int) -> None:
    time.sleep(seconds)

print(os.getpid(), flush=True)
if imports:
    time.sleep(60)
run_stage(main)
"""


@pytest.mark.parametrize("imports", [True, False])
@pytest.mark.parametrize("shell", [["bash", "-c"], ["sh", "-c", ": && $0"]], ids=["replaces itself", "stays"])
def test_a_stage_ends_when_dvc_is_killed_alone(tmp_path: Path, shell: list[str], imports: bool) -> None:
    """Otherwise DVC would delete its output, and run it again."""
    (tmp_path / "stages").mkdir()
    shutil.copy(ROOT / "stages" / "__init__.py", tmp_path / "stages")
    (tmp_path / "stages" / "stage.py").write_text(f"imports = {imports}\n{DVC_STAGE}")
    (tmp_path / "dvc.py").write_text(ORPHANED)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DVC_ROOT": str(tmp_path)}
    command = [sys.executable, "dvc.py", *shell]
    with (tmp_path / "log").open("w") as log:
        done = subprocess.run(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
    stage = psutil.Process(int(done.stdout))
    stage.wait(timeout=10)
    said = (tmp_path / "log").read_text().replace("Terminated\n", "")  # by the shell that stays
    assert said == ("" if imports else "interrupted\n")
