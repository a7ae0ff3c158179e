"""Workspaces in which the pipeline has run, for all tests that look at what it left."""

import shutil
from pathlib import Path

import pytest

from tests.pipeline.workspace import BOUNDS, Workspace, make_workspace
from tests.warm import one_at_a_time


@pytest.fixture(scope="session")
def pipeline(shared: Path, programs: Path) -> Workspace:
    """A workspace in which the pipeline has run, for tests that leave it as it is."""
    make_pipelines(shared, programs)
    return Workspace(shared / "pipeline", programs)


@pytest.fixture(scope="session")
def own_pipeline(shared: Path, programs: Path) -> Workspace:
    """A copy for the tests of one file, which change it; without MLflow's store, which names places in the original."""
    make_pipelines(shared, programs)
    return Workspace(shared / "own-pipeline", programs)


def make_pipelines(shared: Path, programs: Path) -> None:
    """Make both workspaces, in the process that comes first; the others wait."""
    with one_at_a_time(shared / "making"):
        if not (shared / "own-pipeline").exists():
            run_pipeline(shared / "pipeline", programs)
            ignored = shutil.ignore_patterns("mlflow.db", "mlartifacts")
            shutil.copytree(shared / "pipeline", shared / "making" / "copy", symlinks=True, ignore=ignored)
            (shared / "making" / "copy").rename(shared / "own-pipeline")


def run_pipeline(path: Path, programs: Path) -> None:
    """Every stage is run once as a user runs it, in a process of its own; for more data or models, warm."""
    workspace = make_workspace(path)
    warm_start = Workspace(path, programs)
    workspace.run("dvc", "repro", "indexes")
    warm_start.run("dvc", "repro", "spectrograms@test")
    workspace.run("dvc", "repro", "train@0")
    warm_start.run("dvc", "repro", "evaluate-baseline@unet-0", *BOUNDS)
    workspace.run("dvc", "repro")
    workspace.commit()
