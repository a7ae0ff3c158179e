"""`kill -9` of a stage at any moment: the next `dvc repro` ends in what an unbroken run would have ended in."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import h5py
import psutil
import pytest
import yaml

from tests.conftest import TINY
from tests.datasets.musdb_trees import NAMES, stems, write_stem_file, zip_tree
from tests.pipeline.processes import freeze, kill, lives, stage_process
from tests.pipeline.workspace import Workspace, make_workspace

TRIES = 5  # for moments that may pass between two looks at the file system
EPOCHS, BATCHES = 4, 3
TRACKS = {"train": (*NAMES["train"], "Another - One", "Another - Two"), "test": (*NAMES["test"], "A - Third", "A - 4")}
SECONDS = 20.0
PADDING = 1 << 26  # bytes; a track of seconds is else copied sooner than a look at it takes


@dataclass(frozen=True)
class Stage:
    """What is to be seen of a stage from outside.

    Attributes:
        name: in dvc.yaml.
        out: the folder that it writes.
        tracks: pattern of what appears in it when a track is finished.
        total: number of tracks.
        bar: what the progress bar is called.
    """

    name: str
    out: str
    tracks: str = ""
    total: int = 0
    bar: str = ""


@dataclass(frozen=True)
class Run:
    """A `dvc repro` of a stage that is under way, in a process group of its own."""

    stage: Stage
    workspace: Workspace
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def out(self) -> Path:
        """The stage's folder, which appears when it is whole."""
        return self.workspace.path / self.stage.out

    @property
    def parts(self) -> list[Path]:
        """The folder that the stage fills, where it is there."""
        return list(self.out.parent.glob(f".{self.out.name}.*part"))

    def finished(self) -> list[Path]:
        """Tracks in that folder that are whole."""
        return [path for part in self.parts for path in part.glob(self.stage.tracks)]

    def epochs(self) -> dict[str, int]:
        """Epochs after which the state of each network was saved last."""
        found = {}
        for path in (self.workspace.path / "checkpoints").glob("*/*/*.h5"):
            with suppress(OSError), h5py.File(path, "r") as file:  # it may go away any moment
                found[path.stem] = int(json.loads(file.attrs["state"])["epochs"])
        return found

    def own_process(self) -> psutil.Process | None:
        """The Python process of the stage."""
        return stage_process(self.process.pid)

    def workers(self) -> list[psutil.Process]:
        """Processes that the stage started."""
        own = self.own_process()
        return own.children(recursive=True) if own else []

    def watch(self, moment: "Moment") -> bool:
        """Wait for a moment; False where the run ends without its having been seen."""
        while self.process.poll() is None:
            if moment(self):
                return True
            time.sleep(0.002)
        return False


Moment = Callable[[Run], bool]
Marks = dict[str, tuple[int, int]]
Found = TypeVar("Found")


# Moments. Each is looked for in a run under way, and must hold still when all its processes are stopped.


def started(run: Run) -> bool:
    return run.own_process() is not None and not run.parts and not run.out.exists()


def first_file(run: Run) -> bool:
    """Something is in the folder that is filled, and no track is whole."""
    return any(path.is_file() for part in run.parts for path in part.rglob("*")) and not run.finished()


def one_track(run: Run) -> bool:
    return 1 <= len(run.finished()) < run.stage.total


def most_tracks(run: Run) -> bool:
    return len(run.finished()) == run.stage.total - 1


def in_place(run: Run) -> bool:
    """The folder is whole, and the stage, which still runs, has only to end."""
    return run.out.exists() and any(run.out.iterdir()) and run.own_process() is not None


def taken_by_dvc(run: Run) -> bool:
    """The stage has ended, and DVC computes checksums and fills its cache."""
    return run.out.exists() and run.own_process() is None


def logging_scores(run: Run) -> bool:
    """MLflow has the table of scores, and not all of the rest."""
    tables = (run.workspace.path / "mlartifacts").glob("*/artifacts/sdr_by_track.json")
    return next(tables, None) is not None and run.own_process() is not None


def first_epoch(run: Run) -> bool:
    return set(run.epochs().values()) == {1}


def saving_state(run: Run) -> bool:
    """A state is being written beside the one of the epoch before."""
    parts = (run.workspace.path / "checkpoints").glob("*/*/*.part")
    return any(path.with_suffix(".h5").exists() for path in parts)


def last_epochs(run: Run) -> bool:
    """The last network has come far."""
    epochs = run.epochs()
    return len(epochs) == run.stage.total and EPOCHS > min(epochs.values()) > 1


def folder_there(run: Run) -> bool:
    return bool(run.parts)


# Workspaces: one in which nothing was killed, and for each case another that is as far as the stage before.


def tree(root: Path, padding: int = 0) -> Path:
    """An archive of stems; the padding is an atom that no decoder reads, and takes no space in the archive."""
    for subset, names in TRACKS.items():
        for seed, name in enumerate(names):
            path = root / "tree" / subset / f"{name}.stem.mp4"
            write_stem_file(path, stems(seed + 10 * (subset == "test"), SECONDS))
            if padding:
                with path.open("ab") as file:
                    file.write((padding + 8).to_bytes(4, "big") + b"free" + bytes(padding))
    archive = zip_tree(root / "tree", root / "musdb18.zip")
    shutil.rmtree(root / "tree")
    return archive


def unbroken_run(root: Path, archive: Path, *targets: str) -> Workspace:
    changes = {
        "dataset": "musdb18",
        "musdb": {"source": str(archive), "checksum": None},
        "train": TINY["train"] | {"epochs": {"conditioned": EPOCHS, "dedicated": EPOCHS}, "batches_per_epoch": BATCHES},
        "dask": {"scheduler": None, "workers": 2},
    }
    workspace = make_workspace(root / "unbroken", **changes)
    workspace.run("dvc", "repro", *targets)
    return workspace


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("whole")
    return unbroken_run(root, tree(root))


@pytest.fixture(scope="module")
def heavy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The same with large files, as far as they are copied."""
    root = tmp_path_factory.mktemp("heavy")
    yield unbroken_run(root, tree(root, PADDING), "download@train")
    shutil.rmtree(root)


def before(whole: Workspace, stage: Stage, path: Path) -> Workspace:
    """A clone of a workspace with the outputs that `stage` follows from, and nothing else in its cache."""
    ready = whole.path.with_name(f"before {stage.name}")
    if not ready.exists():
        _clone(whole, stage, Workspace(ready))
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(ready, path, symlinks=True)
    return Workspace(path)


def _clone(whole: Workspace, stage: Stage, clone: Workspace) -> None:
    whole.run("git", "clone", "-q", ".", str(clone.path))
    shutil.rmtree(clone.path / "reports", ignore_errors=True)
    locked = whole.locked()
    needed = {name: locked[name] for name in _upstream(locked, stage.name)}
    (clone.path / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": needed}))
    for out in (out["path"] for entry in needed.values() for out in entry["outs"]):
        shutil.copytree(whole.path / out, clone.path / out)
    if needed:
        clone.run("dvc", "commit", "-fq", *needed)
    assert clone.locked() == needed


def _upstream(locked: dict[str, Any], stage: str) -> list[str]:
    found: set[str] = set()
    for dependency in (Path(entry["path"]) for entry in locked[stage].get("deps", [])):
        for name, entry in locked.items():
            outs = [Path(out["path"]) for out in entry["outs"]]
            if any(out.is_relative_to(dependency) or dependency.is_relative_to(out) for out in outs):
                found |= {name, *_upstream(locked, name)}
    return sorted(found)


def start(workspace: Workspace, stage: Stage, *targets: str) -> Run:
    log = workspace.path.with_name(f"{workspace.path.name}.log")
    return Run(stage, workspace, workspace.start("dvc", "repro", *(targets or [stage.name]), log=log), log)


@contextmanager
def frozen(
    whole: Workspace, stage: Stage, moment: Moment, path: Path, start_before: Stage | None = None
) -> Iterator[Run]:
    """A run all of whose processes stand still at a moment; what is left of them is killed after the block.

    A moment that passed unseen is tried anew; that it never was seen is a failure.
    """
    for _ in range(TRIES):
        run = start(before(whole, start_before or stage, path), stage)
        try:
            if run.watch(moment):
                freeze(run.process)
                if moment(run):
                    assert stage.name not in run.workspace.locked()
                    yield run
                    return
        finally:
            kill(run.process)
        print(run.log.read_text())
    pytest.fail(f"{stage.name} was never seen in the moment {moment.__name__}")


def killed(whole: Workspace, stage: Stage, moment: Moment, path: Path, look: Callable[[Run], Found]) -> Found:
    """Kill everything at a moment; returns what `look` finds just before."""
    with frozen(whole, stage, moment, path) as run:
        assert run.own_process() is not None
        return look(run)


def goes_on(whole: Workspace, stage: Stage, path: Path, kept: Marks | None = None) -> str:
    """What the next `dvc repro` prints; it must end as `whole` did, leave nothing behind, and keep what is `kept`."""
    run = start(Workspace(path), stage)
    run.watch(lambda run: run.out.exists())
    found = {track: mark(run.out / track) for track in kept or {}}  # before DVC replaces it by links to its cache
    assert run.process.wait() == 0, run.log.read_text()
    printed = run.log.read_text()
    assert f"Running stage '{stage.name}'" in printed
    assert run.workspace.locked()[stage.name] == whole.locked()[stage.name]
    assert not list(path.rglob("*.part"))
    assert run.workspace.stages_run("dvc", "repro", stage.name) == []
    assert found == (kept or {})
    return printed


def bar_start(printed: str, name: str) -> tuple[int, int] | None:
    """Where a progress bar began, and its total; None where there was none."""
    found = re.search(rf"{re.escape(name)}:\s+\d+%\|[^|]*\| (\d+)/(\d+) ", printed)
    return (int(found[1]), int(found[2])) if found else None


def mark(path: Path) -> tuple[int, int]:
    """What another writing of a file would change."""
    return path.stat().st_ino, path.stat().st_mtime_ns


def marks(run: Run) -> Marks:
    return {str(path.relative_to(part)): mark(path) for part in run.parts for path in part.glob(run.stage.tracks)}


DOWNLOAD = Stage("download@train", "data/audio/train", "*.stem.mp4", 5, "train: tracks")
SPECTROGRAMS = Stage("spectrograms@train", "data/spectrograms/train", "*.h5", 5, "train: spectrograms")
INDEXES = Stage("indexes", "data/indexes")
TRAIN = Stage("train@0", "models/cunet/0", total=1)
BASELINE = Stage("train-baseline@unet-0", "models/baselines/unet/0", total=4)
EVALUATE = Stage("evaluate@0", "results/cunet/0", "test/*.csv", 4, "simple-dense-pairs: scores")
BOUND = Stage("bounds@ideal-ratio-mask", "results/bounds/ideal-ratio-mask", "test/*.csv", 4, "ideal-ratio-mask: scores")
INTERPRET = Stage("interpret", "results/interpretation")
COMPARE = Stage("compare", "reports")


@pytest.fixture
def unbroken(stage: Stage, request: pytest.FixtureRequest) -> Workspace:
    """The workspace whose result is expected."""
    workspace: Workspace = request.getfixturevalue("heavy" if stage == DOWNLOAD else "whole")
    return workspace


def by_name(value: Stage | Moment) -> str:
    return value.name if isinstance(value, Stage) else value.__name__


@pytest.mark.slow
@pytest.mark.parametrize("moment", [started, first_file, one_track, most_tracks], ids=by_name)
@pytest.mark.parametrize("stage", [DOWNLOAD, SPECTROGRAMS, EVALUATE, BOUND], ids=by_name)
def test_finished_tracks_are_kept(unbroken: Workspace, stage: Stage, moment: Moment, tmp_path: Path) -> None:
    kept = killed(unbroken, stage, moment, tmp_path / "killed", marks)
    printed = goes_on(unbroken, stage, tmp_path / "killed", kept)
    assert bar_start(printed, stage.bar) == (len(kept), stage.total)


@pytest.mark.slow
@pytest.mark.parametrize("moment", [started, first_epoch, saving_state, last_epochs], ids=by_name)
@pytest.mark.parametrize("stage", [TRAIN, BASELINE], ids=by_name)
def test_finished_epochs_are_kept(unbroken: Workspace, stage: Stage, moment: Moment, tmp_path: Path) -> None:
    epochs = killed(unbroken, stage, moment, tmp_path / "killed", Run.epochs)
    printed = goes_on(unbroken, stage, tmp_path / "killed")
    for network, done in epochs.items():
        begun = (done * BATCHES, EPOCHS * BATCHES) if done < EPOCHS else None  # a finished one is not fitted again
        assert bar_start(printed, network) == begun, network


@pytest.mark.slow
@pytest.mark.parametrize("moment", [started, folder_there, in_place], ids=by_name)
@pytest.mark.parametrize("stage", [INDEXES, INTERPRET, COMPARE], ids=by_name)
def test_a_short_stage_runs_anew(unbroken: Workspace, stage: Stage, moment: Moment, tmp_path: Path) -> None:
    killed(unbroken, stage, moment, tmp_path / "killed", lambda run: None)
    goes_on(unbroken, stage, tmp_path / "killed")


@pytest.mark.slow
@pytest.mark.parametrize("stage", [TRAIN, BASELINE], ids=by_name)
def test_a_finished_training_is_kept_while_its_run_is_closed(unbroken: Workspace, stage: Stage, tmp_path: Path) -> None:
    epochs = killed(unbroken, stage, in_place, tmp_path / "killed", Run.epochs)
    printed = goes_on(unbroken, stage, tmp_path / "killed")
    assert list(epochs.values()) == [EPOCHS] * stage.total
    assert not [network for network in epochs if bar_start(printed, network)]


@pytest.mark.slow
@pytest.mark.parametrize("stage", [EVALUATE, BOUND], ids=by_name)
def test_scores_are_kept_while_they_are_logged(unbroken: Workspace, stage: Stage, tmp_path: Path) -> None:
    kept = killed(unbroken, stage, logging_scores, tmp_path / "killed", marks)
    printed = goes_on(unbroken, stage, tmp_path / "killed", kept)
    assert bar_start(printed, stage.bar) == (stage.total, stage.total)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stage", "moment"),
    [(DOWNLOAD, in_place), (DOWNLOAD, taken_by_dvc), (SPECTROGRAMS, in_place), (EVALUATE, in_place), (BOUND, in_place)],
    ids=by_name,
)
def test_a_kill_before_dvc_has_the_result(unbroken: Workspace, stage: Stage, moment: Moment, tmp_path: Path) -> None:
    """Before it runs a stage DVC deletes the output that it does not know: the work is done again, to the same end."""
    with frozen(unbroken, stage, moment, tmp_path / "killed"):
        pass
    print(bar_start(goes_on(unbroken, stage, tmp_path / "killed"), stage.bar))


@pytest.mark.slow
@pytest.mark.parametrize("stage", [DOWNLOAD], ids=by_name)  # the only one with processes; others work in threads
def test_workers_end_with_a_stage_that_is_killed_alone(unbroken: Workspace, stage: Stage, tmp_path: Path) -> None:
    with frozen(unbroken, stage, one_track, tmp_path / "killed") as run:
        own, workers, kept = run.own_process(), run.workers(), marks(run)
        assert own is not None
        assert len(workers) >= 2
        own.kill()
        os.killpg(run.process.pid, signal.SIGCONT)
        assert run.process.wait() > 0  # DVC says that the stage failed
        printed = goes_on(unbroken, stage, tmp_path / "killed", kept)  # at once, whether or not the workers have ended
        assert not any(map(lives, workers))
    assert bar_start(printed, stage.bar) == (len(kept), stage.total)


def between_stages(run: Run) -> bool:
    """DVC has locked the first stage's outputs and not begun the second."""
    path = run.workspace.path / "dvc.lock"
    return path.exists() and f"  {DOWNLOAD.name}:" in path.read_text() and run.own_process() is None


@pytest.mark.slow
def test_a_kill_between_two_stages(whole: Workspace, tmp_path: Path) -> None:
    with frozen(whole, INDEXES, between_stages, tmp_path / "killed", start_before=DOWNLOAD) as run:
        assert SPECTROGRAMS.name not in run.workspace.locked()
    printed = goes_on(whole, INDEXES, tmp_path / "killed")
    assert f"Running stage '{SPECTROGRAMS.name}'" in printed
    assert f"Running stage '{DOWNLOAD.name}'" not in printed


@pytest.mark.slow
def test_dvc_drops_the_locks_of_a_killed_dvc(whole: Workspace, tmp_path: Path) -> None:
    locks = tmp_path / "killed" / ".dvc" / "tmp" / "rwlock"
    with frozen(whole, INDEXES, started, tmp_path / "killed") as run:
        pass
    assert f'"pid": {run.process.pid}' in locks.read_text()
    assert "Auto removed it from the lock file" in goes_on(whole, INDEXES, tmp_path / "killed")
    assert not json.loads(locks.read_text()).get("write")  # those to read stay; they hold nobody up


QUICK = Stage("spectrograms@train", "data/spectrograms/train", "*.h5", 3, "train: spectrograms")


def test_spectrograms_killed_in_the_middle_go_on(pipeline: Workspace, tmp_path: Path) -> None:
    kept = killed(pipeline, QUICK, one_track, tmp_path / "killed", marks)
    printed = goes_on(pipeline, QUICK, tmp_path / "killed", kept)
    assert bar_start(printed, QUICK.bar) == (len(kept), QUICK.total)
