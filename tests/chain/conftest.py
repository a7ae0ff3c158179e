"""A workspace in which the chain has run, for all tests that look at what it left."""

import pytest

from tests.chain.workspace import Workspace, make_workspace


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = make_workspace(tmp_path_factory.mktemp("chain"))
    workspace.run("dvc", "repro")
    workspace.commit()
    return workspace
