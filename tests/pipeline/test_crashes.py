"""Crashes of a whole `dvc repro` at random moments: it ends in the same dvc.lock, leaves nothing, logs everything once.

`test_kill.py` kills each stage in chosen moments; here the moments, and what is hit, are random.
"""

import errno
import json
import os
import random
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from mlflow import MlflowClient

from tests.disks import Disk, mounted
from tests.pipeline.processes import descendants, freeze, kill, lives, stage_process, wait_until
from tests.pipeline.workspace import Workspace, make_workspace, store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(0)]  # hours

KILLS = 200
LATEST = 2 / 15  # of the time of the pipeline, after which a `dvc repro` is killed at the latest: two of its 15 stages
DISK = 1 << 29  # bytes of a disk that is filled or loses power; a chain needs a quarter
ROOM = 40_000_000  # bytes that are free on a full disk at most
AGAIN = 2.0  # the same for the second of two kills
LONG = 600.0  # seconds; a chain takes two minutes
SETTINGS: dict[str, Any] = {"dask": {"scheduler": None, "workers": 2}}
# Files that DVC overwrites in place, and what it says of damaged ones; docs/guides/compare.md says to delete them.
DAMAGED = {"rwlock'. JSON structure is corrupted": ".dvc/tmp/rwlock", "dvc.lock' validation failed": "dvc.lock"}
REFUSED = "is writing it. Wait until it ends, or stop it."
UNKNOWN = "size_and_time/separation_seconds_per_minute"  # if a kill left no track to separate
MEASURED = ("size_and_time/", "system/")  # prefixes of metrics that differ from run to run
# Of the files that must be the same. DVC's cache may keep objects that nothing needs; `dvc gc` deletes them.
UNTRACKED = (".git", ".dvc/tmp", ".dvc/cache", "mlartifacts", "mlflow.db", "__pycache__")


@dataclass
class Chain:
    """A workspace whose `dvc repro` is broken again and again.

    Attributes:
        workspace: it.
        random: chooses moments and victims.
        victims: how often each stage was hit, in all workspaces.
        latest: see the fixture.
        orphans: processes that outlived a kill.
    """

    workspace: Workspace
    random: random.Random
    victims: Counter[str] = field(default_factory=Counter)
    latest: float = 0.0
    orphans: list[psutil.Process] = field(default_factory=list)

    @property
    def log(self) -> Path:
        """What the last command printed."""
        return self.workspace.path.parent.with_suffix(".log")  # not on a disk that fills up

    def start(self) -> "subprocess.Popen[bytes]":
        temporary = self.workspace.path.with_name("temporary")
        temporary.mkdir(exist_ok=True)
        return self.workspace.start("dvc", "repro", log=self.log, TMPDIR=str(temporary))

    def is_completed(self) -> bool:
        """Whether a `dvc repro` that is broken at a random moment is complete before."""
        run = self.start()
        try:
            return self.is_complete(run, self.random.uniform(0, self.latest))
        except subprocess.TimeoutExpired:
            self.victims[stage_of(run)] += 1
            print(".", end="", flush=True)
            self.random.choice(WAYS)(self, run)
            return False

    def is_complete(self, run: "subprocess.Popen[bytes]", seconds: float = LONG) -> bool:
        """Whether an unbroken run completes; where it does not, an orphan must hold one of its outputs."""
        if not run.wait(seconds):
            return True
        printed = self.log.read_text()
        assert "Traceback" not in printed, printed
        if damaged := [path for said, path in DAMAGED.items() if said in printed]:
            print(f"deleted: {damaged[0]}")
            (self.workspace.path / damaged[0]).unlink()
            return False
        assert REFUSED in printed, printed
        assert self.orphans, printed
        wait_until(lambda: not any(map(lives, self.orphans)), LONG)
        self.orphans = []
        return False


def stage_of(run: "subprocess.Popen[bytes]") -> str:
    process = stage_process(run.pid)
    try:
        return " ".join(process.cmdline()[2:4]) if process else "dvc"
    except psutil.Error:
        return "dvc"


def everything(chain: Chain, run: "subprocess.Popen[bytes]") -> None:
    kill(run)


def twice(chain: Chain, run: "subprocess.Popen[bytes]") -> None:
    """The second time while the next `dvc repro` starts."""
    kill(run)
    run = chain.start()
    try:
        run.wait(chain.random.uniform(0, AGAIN))
    except subprocess.TimeoutExpired:
        kill(run)


def dvc_alone(chain: Chain, run: "subprocess.Popen[bytes]") -> None:
    """Its stage keeps running."""
    chain.orphans += descendants(run.pid)
    run.kill()
    run.wait()


def the_stage_alone(chain: Chain, run: "subprocess.Popen[bytes]") -> None:
    process = stage_process(run.pid)
    if process is None:
        kill(run)
        return
    process.kill()
    assert run.wait(LONG), chain.log.read_text()


WAYS: list[Callable[[Chain, "subprocess.Popen[bytes]"], None]] = [everything, twice, dvc_alone, the_stage_alone]


def new_workspace(path: Path) -> Workspace:
    """A workspace as `tools/setup.sh` leaves it: DVC keeps everything in it."""
    workspace = make_workspace(path, **SETTINGS)
    workspace.run("dvc", "config", "--local", "core.site_cache_dir", str(path / ".dvc" / "tmp" / "private"))
    return workspace


@pytest.fixture(scope="module")
def timed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, float]:
    workspace, start = new_workspace(tmp_path_factory.mktemp("whole") / "workspace"), time.monotonic()
    workspace.run("dvc", "repro")
    return workspace, time.monotonic() - start


@pytest.fixture(scope="module")
def whole(timed: tuple[Workspace, float]) -> Workspace:
    """A workspace in which nothing was broken."""
    return timed[0]


@pytest.fixture(scope="module")
def latest(timed: tuple[Workspace, float]) -> float:
    """Seconds after the start of a `dvc repro` at which it is broken at the latest."""
    return timed[1] * LATEST


def files(workspace: Workspace) -> set[str]:
    """Files that the pipeline wrote, hidden ones as well."""
    found = (path.relative_to(workspace.path).as_posix() for path in workspace.path.rglob("*") if path.is_file())
    return {path for path in found if not any(re.search(rf"(^|/){re.escape(name)}(/|$)", path) for name in UNTRACKED)}


def records(workspace: Workspace) -> list[dict[str, Any]]:
    """All runs in MLflow; of metrics that were measured, only how often."""
    client = MlflowClient(store(workspace))
    (experiment,) = [found for found in client.search_experiments() if found.name != "Default"]
    return sorted((record(client, run) for run in client.search_runs([experiment.experiment_id])), key=str)


def record(client: MlflowClient, run: Any) -> dict[str, Any]:
    identity = run.info.run_id
    folder = Path(run.info.artifact_uri.removeprefix("file://"))
    curves = {
        name: [(metric.step, metric.value) for metric in client.get_metric_history(identity, name)]
        for name in run.data.metrics
        if not name.startswith(MEASURED)
    }
    # A kill while scores are logged has them logged again; epochs are logged once and in order.
    scores = {name: list(dict.fromkeys(curve)) for name, curve in curves.items() if name.startswith("sdr")}
    artifacts = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {
        "name": run.info.run_name,
        "status": run.info.status,
        "curves": curves | scores,
        "costs": sorted(name for name in run.data.metrics if name.startswith(MEASURED[0]) and name != UNKNOWN),
        "parameters": run.data.params,
        "artifacts": artifacts,
    }


def survived(workspace: Workspace, whole: Workspace) -> None:
    """A workspace is as if nothing had happened."""
    assert (workspace.path / "dvc.lock").read_bytes() == (whole.path / "dvc.lock").read_bytes()
    assert workspace.stages_run("dvc", "repro") == []
    assert files(workspace) == files(whole)
    assert records(workspace) == records(whole)


def nothing_is_left(chain: Chain) -> None:
    """The next command deletes the temporary folders of killed processes."""
    temporary = chain.workspace.path.with_name("temporary")
    for path in temporary.glob("cunet-*"):
        os.utime(path, (0, 0))  # young ones may be in use
    chain.workspace.run("cunet", "log", TMPDIR=str(temporary))
    assert not list(temporary.glob("cunet-*"))


def test_kills(whole: Workspace, latest: float, tmp_path: Path) -> None:
    victims: Counter[str] = Counter()
    chains = 0
    while victims.total() < KILLS:
        chain = Chain(new_workspace(tmp_path / str(chains) / "workspace"), random.Random(chains), victims, latest)
        while victims.total() < KILLS and not chain.is_completed():
            pass
        while not chain.is_complete(chain.start()):
            pass
        survived(chain.workspace, whole)
        chains += 1
        print(f"{victims.total()} kills in {chains} chains:", dict(victims.most_common()), flush=True)
        nothing_is_left(chain)


def fails_in_one_line(chain: Chain, run: "subprocess.Popen[bytes]", *expected: str) -> bool:
    """Whether a `dvc repro` fails; what it prints then has no traceback, and one of the texts."""
    if not run.wait(LONG):
        return False
    printed = chain.log.read_text()
    assert "Traceback" not in printed, printed
    assert any(text in printed for text in expected), printed
    return True


@pytest.mark.parametrize("seed", range(3))
def test_full_disks(whole: Workspace, tmp_path: Path, seed: int) -> None:
    """Each time the disk is full, some space is made."""
    disk = tmp_path / "disk"
    with mounted(disk, "-t", "tmpfs", "-o", f"size={DISK}", "none"):
        chain = Chain(new_workspace(disk / "workspace"), random.Random(seed))
        times = 0
        ballast = disk / "ballast"
        while True:
            free = shutil.disk_usage(disk).free
            room = chain.random.randint(0, ROOM)
            with ballast.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, max(1, free - room))
            run = chain.start()
            try:
                if not fails_in_one_line(chain, run, os.strerror(errno.ENOSPC), "disk is full"):
                    break
            except subprocess.TimeoutExpired:  # DVC's cache library tries for ever to write to its database
                kill(run)
            times += 1
            ballast.unlink()
            for left in (chain.workspace.path / ".dvc" / "cache").rglob(
                ".*.tmp"
            ):  # by DVC; the guide says to delete it
                left.unlink()
        ballast.unlink()
        chain.workspace.run("cunet", "log")
        survived(chain.workspace, whole)
    print(f"the disk was full {times} times")
    assert times > 2


FOLDERS = ("data", "models", "checkpoints", "results", "mlartifacts", ".dvc/cache", ".dvc/tmp", ".")


def test_read_only_folders(whole: Workspace, tmp_path: Path) -> None:
    chain = Chain(new_workspace(tmp_path / "workspace"), random.Random(0))
    failed = []
    for name in FOLDERS:
        folder = chain.workspace.path / name
        with mounted(folder, "--bind", folder):
            subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
            if fails_in_one_line(
                chain, chain.start(), os.strerror(errno.EROFS), "unable to open database file"
            ):  # DVC's own
                failed.append(name)
    assert chain.is_complete(chain.start())
    chain.workspace.run("cunet", "log")
    survived(chain.workspace, whole)
    assert set(failed) >= {"data", "models", "checkpoints", "results"}, failed
    print("read-only:", failed)


@contextmanager
def dask_scheduler(folder: Path, workspace: Workspace) -> Iterator[tuple[str, Callable[[], list[psutil.Process]]]]:
    """A scheduler and two workers that restart when they die; yields its address and a function that lists them."""
    described = folder / "scheduler.json"
    place = ["--scheduler-file", str(described), "--no-dashboard"]
    environment = os.environ | {"PYTHONPATH": str(workspace.path)}
    with ExitStack() as stack:

        def start(*command: str) -> "subprocess.Popen[bytes]":
            with (folder / command[0]).open("wb") as log:
                started = subprocess.Popen(
                    ["dask", *command],
                    cwd=workspace.path,
                    env=environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            stack.callback(kill, started)
            return started

        start("scheduler", *place, "--port", "0")
        wait_until(described.exists)
        nannies = start("worker", *place, "--nworkers", "2", "--nthreads", "1", "--local-directory", str(folder))

        def workers() -> list[psutil.Process]:
            return [process for process in descendants(nannies.pid) if "spawn_main" in " ".join(process.cmdline())]

        yield json.loads(described.read_text())["address"], workers


def test_lost_dask_workers(whole: Workspace, tmp_path: Path) -> None:
    """Of a running scheduler: one dies at a time, and another one comes."""
    chain = Chain(new_workspace(tmp_path / "workspace"), random.Random(0))
    lost = failures = 0
    with dask_scheduler(tmp_path, chain.workspace) as (address, workers):
        chain.workspace.params(dask={"scheduler": address, "workers": None})
        while True:
            run = chain.start()
            while run.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    run.wait(chain.random.uniform(0.2, 4))
                    break
                if "stages.train" not in stage_of(run):  # which does not use dask
                    with suppress(psutil.NoSuchProcess, IndexError):  # while one is restarted
                        chain.random.choice(workers()).kill()
                        lost += 1
            if not run.returncode:
                break
            failures += 1
            printed = chain.log.read_text()
            assert "Traceback" not in printed, printed
            assert "a worker was killed" in printed or "the dask cluster lost a worker" in printed, printed
    print(f"{lost} workers were lost; {failures} times, dvc repro had to be started again")
    assert lost > 5
    survived(chain.workspace, whole)


@pytest.mark.parametrize("options", ["defaults", "data=writeback,noauto_da_alloc,commit=300"])
def test_power_losses(whole: Workspace, latest: float, tmp_path: Path, options: str) -> None:
    """The next `dvc repro` sees only what the file system had written to its disk until then."""
    disk = Disk.formatted(tmp_path / "0.img", DISK, options)
    workspace, rng = Workspace(tmp_path / "mounted" / "workspace"), random.Random(0)
    losses = 0
    with disk.mounted(tmp_path / "mounted"):
        new_workspace(workspace.path)
    complete = False
    while not complete:
        with disk.mounted(tmp_path / "mounted"):
            chain = Chain(workspace, rng)
            run = chain.start()
            try:
                complete = chain.is_complete(run, rng.uniform(0, 2 * latest))
            except subprocess.TimeoutExpired:
                losses += 1
                print(".", end="", flush=True)
                freeze(run)
                after = disk.after_power_loss(tmp_path / f"{losses}.img")
                kill(run)
            else:
                workspace.run("cunet", "log")
                survived(workspace, whole)
        disk.image.unlink()
        disk = after
    print(f"{losses} power losses with {options}")
    assert losses > 5
