"""A workspace in which the chain has run, for all tests that look at what it left."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chain import warm
from tests.chain.workspace import Workspace, make_workspace
from tests.conftest import group_of


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test outside the group would make a chain in another process."""
    for item in items:
        if "chain" in getattr(item, "fixturenames", ()) and group_of(item.nodeid) != "chain":
            raise pytest.UsageError(f"{item.nodeid} uses `chain`: add it to GROUPS in tests/conftest.py")


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """`python`, `dvc` and `cunet` that start without importing."""
    with warm.programs(tmp_path_factory.mktemp("warm")) as folder:
        yield folder


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory, programs: Path) -> Workspace:
    """Every stage is run once as a user runs it, in a process of its own; for more data or models, and later, warm."""
    workspace = make_workspace(tmp_path_factory.mktemp("chain"))
    warm_start = replace(workspace, programs=programs)
    workspace.run("dvc", "repro", "indexes")
    warm_start.run("dvc", "repro", "spectrograms@test")
    workspace.run("dvc", "repro", "train@0")
    warm_start.run("dvc", "repro", "evaluate-baseline@unet-0", "evaluate-bound@ideal-ratio-mask")
    workspace.run("dvc", "repro")
    workspace.commit()
    return warm_start
