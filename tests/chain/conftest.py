"""A workspace in which the chain has run, for all tests that look at what it left."""

import pytest

from tests.chain.workspace import Workspace, make_workspace


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests that share the workspace run in one process, beside the others."""
    for item in items:
        if "chain" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("chain"))


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = make_workspace(tmp_path_factory.mktemp("chain"))
    workspace.run("dvc", "repro")
    workspace.commit()
    return workspace
