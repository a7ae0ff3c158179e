"""Workspaces in which the chain has run, for all tests that look at what it left."""

import shutil
from pathlib import Path

import pytest

from tests.chain.workspace import BOUNDS, Workspace, make_workspace
from tests.warm import one_at_a_time


@pytest.fixture(scope="session")
def chain(shared: Path, programs: Path) -> Workspace:
    """A workspace in which the chain has run, for tests that leave it as it is."""
    make_chains(shared, programs)
    return Workspace(shared / "chain", programs)


@pytest.fixture(scope="session")
def own_chain(shared: Path, programs: Path) -> Workspace:
    """A copy for the tests of one file, which change it; without MLflow's store, which names places in the original."""
    make_chains(shared, programs)
    return Workspace(shared / "own-chain", programs)


def make_chains(shared: Path, programs: Path) -> None:
    """Make both workspaces, in the process that comes first; the others wait."""
    with one_at_a_time(shared / "making"):
        if not (shared / "own-chain").exists():
            run_chain(shared / "chain", programs)
            ignored = shutil.ignore_patterns("mlflow.db", "mlartifacts")
            shutil.copytree(shared / "chain", shared / "making" / "copy", symlinks=True, ignore=ignored)
            (shared / "making" / "copy").rename(shared / "own-chain")


def run_chain(path: Path, programs: Path) -> None:
    """Every stage is run once as a user runs it, in a process of its own; for more data or models, warm."""
    workspace = make_workspace(path)
    warm_start = Workspace(path, programs)
    workspace.run("dvc", "repro", "indexes")
    warm_start.run("dvc", "repro", "spectrograms@test")
    workspace.run("dvc", "repro", "train@0")
    warm_start.run("dvc", "repro", "evaluate-baseline@unet-0", *BOUNDS)
    workspace.run("dvc", "repro")
    workspace.commit()
