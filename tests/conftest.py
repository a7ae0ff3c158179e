"""Tiny data and the real tools: what tests share."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
import yaml
from xdist import plugin
from xdist.scheduler import LoadScopeScheduling

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # for processes to come: its threads wait in a loop

from cunet.conditions.naming import by_name
from cunet.conditions.sets import build_conditions, single_conditions
from cunet.params import Params, load_params, parse_params
from cunet.preprocess.indexes import TRAINING, VALIDATION
from cunet.preprocess.patches import build_indexes
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.preprocess.writing import write_track
from cunet.settings.conditions import ConditionSet
from cunet.tracks import folder
from tests import warm
from tests.disks import mounted

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from cunet.masking.separator import Separator

ROOT = Path(__file__).parent.parent


# Tests that share what takes long to make run in one process: the names of their files, or the beginnings of theirs.
# The groups that take longest come first; the tests in none fill the end, one by one.
GROUPS = {
    "pipeline": (
        *(f"tests/pipeline/test_{name}.py" for name in ("models", "pages", "tracking")),
        "tests/pipeline/test_kill.py::test_spectrograms_killed_in_the_middle",
        "tests/pipeline/test_repro.py::test_two_runs",  # reads the pipeline, and changes nothing in it
    ),
    "workspaces": ("tests/pipeline/test_own_workspaces.py", "tests/pipeline/test_musdb18.py"),
    "app": ("tests/app/",),
    "own pipeline": (  # by then the pipeline that it copies is there
        "tests/pipeline/test_repro.py",
        "tests/pipeline/test_tutorials.py::test_the_default_run",
        "tests/pipeline/test_tutorials.py::test_a_control_network",
    ),
    "start of stages": ("tests/test_startup.py",),
}


def group_of(test: str) -> str:
    """The group of a test, by its node ID; a test in none is one of its own."""
    return next((group for group, places in GROUPS.items() if test.startswith(places)), test)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the tests by their groups."""
    order = list(GROUPS)
    items.sort(key=lambda item: order.index(group) if (group := group_of(item.nodeid)) in order else len(order))


class Groups(LoadScopeScheduling):
    """Group after group, in their order, to the process that is free.

    The marks of pytest-xdist's own `loadgroup` are without effect since pytest 9.2 (pytest-xdist's issue 1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups:
    return Groups(config, log)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of all processes of this session."""
    root = tmp_path_factory.getbasetemp()
    return root.parent if "PYTEST_XDIST_WORKER" in os.environ else root


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are cores: tests wait for servers, browsers and one another."""
    cores: int = plugin.pytest_xdist_auto_num_workers(config)
    return cores + 1


def pytest_collection() -> None:
    """Import all tests without the garbage collector: see `cunet.startup`."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def programs(shared: Path) -> Path:
    """`python`, `dvc` and `cunet` that start without importing."""
    return warm.programs(shared / "warm", os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a megabyte."""
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=1M", "none") as disk:
        yield disk


# A pipeline of seconds: songs of seconds, a U-Net of three layers, one architecture beside the one under study.
TINY: dict[str, Any] = {
    "conditions": "pairs",
    "baselines": ["unet"],
    "synthetic": {"train": 3, "test": 2, "seconds": 6, "seed": 0},
    "patch": {"frames": 16, "step": 8},
    "spectrogram": {"sample_rate": 8192, "window": 256, "hop": 192},
    "validation": {"tracks": 1, "seed": 0},
    "unet": {"layers": 3, "filters": 2, "dropout": 0.5},
    "controls": {
        "dense": {"simple": [4, 8], "complex": [4, 8]},
        "conv": {"simple": [4, 8], "complex": [4, 8]},
        "dropout": 0.5,
    },
    "train": {
        "loss": "l1",
        "progressive": 0.25,
        "augmentation": {"probability": 0.25, "gain": [0.5, 1.5]},
        "batch_size": 4,
        "batches_per_epoch": 3,
        "epochs": {"conditioned": 3, "dedicated": 3},
        "learning_rate": 0.001,
        "schedule": "cosine",
        "factor": 0.5,
        "min_delta": 0.00001,
        "patience": {"plateau": 1, "stop": 3},
        "precision": "float32",
        "jit": None,
        "devices": "one",
    },
    "dask": {"scheduler": None, "workers": 1},
    "evaluate": {
        "protocol": "model-rate",
        "engine": "bsseval",
        "conditions": "pairs",
        "window": 1.0,
        "hop": 1.0,
        "overlap": 0.5,
        "consistency": "ratio",
    },
    "interpret": {"path": None, "steps": 3, "tracks": 1},
    "examples": {"tracks": 1, "seconds": 3},
    "compare": {"published": True, "confidence": 0.95, "resamples": 200, "margin": 0.3, "still_falling": 0.02},
}


TRIO = ("clicks", "noise", "tone")  # of the songs below
SINGLES = single_conditions(TRIO)
CONDITIONS = by_name(build_conditions(TRIO, ConditionSet(up_to=2, levels=[0.5, 1], all=True)))


def tiny_values() -> dict[str, object]:
    """`params.yaml` as it is, made tiny."""
    values: dict[str, object] = yaml.safe_load((ROOT / "params.yaml").read_text())
    return values | TINY


def tiny_params() -> Params:
    return parse_params(tiny_values())


@pytest.fixture
def params() -> Params:
    return tiny_params()


@pytest.fixture
def write_params(tmp_path: Path) -> Callable[..., Params]:
    """Load a params.yaml with some values changed, as a stage would."""

    def write(**changes: object) -> Params:
        path = tmp_path / "params.yaml"
        path.write_text(yaml.safe_dump(tiny_values() | changes))
        return load_params(path)

    return write


def write_song(path: Path, seconds: float = 4.0, seed: int = 0, rate: int = 22050) -> None:
    """Three sources that differ in kind: a tone, noise, and clicks; no mixture."""
    path.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    clicks = np.zeros_like(time)
    clicks[:: rate // 4] = 0.8
    sources = {
        "tone": 0.3 * np.sin(2 * np.pi * rng.uniform(300, 600) * time),
        "noise": 0.1 * rng.standard_normal(len(time)),
        "clicks": clicks + 0.001 * rng.standard_normal(len(time)),
    }
    for name, waveform in sources.items():
        soundfile.write(path / f"{name}.wav", waveform, rate, subtype="PCM_16")


@pytest.fixture(scope="session")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder of multitracks: three tracks to train on, two to test."""
    root = tmp_path_factory.mktemp("songs")
    for subset, count in (("train", 3), ("test", 2)):
        for number in range(count):
            write_song(root / subset / f"song {number}", seed=number + 10 * (subset == "test"))
    return root


@pytest.fixture(scope="session")
def prepared(songs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Spectrograms and indexes of `songs`: `<folder>/{train,test}/*.h5`, `<folder>/indexes/*.csv`."""
    settings = tiny_params()
    root = tmp_path_factory.mktemp("prepared")
    for subset in ("train", "test"):
        (root / subset).mkdir()
        for track in folder.tracks(songs / subset):
            write_track(track, root / subset / f"{track.name}.h5", settings.spectrogram)
    (root / "indexes").mkdir()
    training, validation = build_indexes(root / "train", settings.patch, settings.validation)
    training.to_csv(root / "indexes" / TRAINING, index=False)
    validation.to_csv(root / "indexes" / VALIDATION, index=False)
    return root


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A conditioned model as a training leaves it."""
    from tests.saved import save_model  # Keras takes seconds to import

    return save_model(tmp_path_factory.mktemp("models") / "conditioned")


@pytest.fixture
def separator(params: Params, tmp_path: Path) -> "Separator":
    """A conditioned network with weights as they are drawn."""
    from cunet.masking.separator import Separator
    from tests.saved import save_model  # Keras takes seconds to import

    return Separator(save_model(tmp_path / "model", "complex-dense-both"), params.evaluate.overlap)


@pytest.fixture
def track(prepared: Path) -> TrackSpectrograms:
    """Spectrograms of a test song."""
    return TrackSpectrograms(prepared / "test" / "song 0.h5")


@pytest.fixture(scope="session")
def stem_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set like MUSDB18."""
    from tests.datasets.musdb_trees import write_stem_tree  # only these tests need stempeg

    return write_stem_tree(tmp_path_factory.mktemp("musdb18"))


@pytest.fixture(scope="session")
def wav_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set like MUSDB18-HQ."""
    from tests.datasets.musdb_trees import write_wav_tree  # only these tests need stempeg

    return write_wav_tree(tmp_path_factory.mktemp("musdb18-hq"), seconds=2)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's database without a run; to make its tables takes seconds."""
    import mlflow

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    mlflow.MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def mlflow_store(empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A workspace with a store of its own, and with nothing else."""
    import mlflow

    home = tmp_path / "workspace"
    home.mkdir()
    shutil.copy(empty_store, home / "mlflow.db")
    monkeypatch.chdir(home)
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME", "DVC_ROOT", "DVC_EXP_NAME"):
        monkeypatch.setenv(name, "")  # so that what MLflow puts there is gone afterwards
        monkeypatch.delenv(name)
    yield home
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium, for all tests of a file."""
    from tests.browser import chromium  # most tests need no Playwright

    with chromium() as browser:
        yield browser
