"""A workspace as a user has one: a git and DVC repository with the project's files, and its commands."""

import os
import shutil
import subprocess
import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from mlflow import MlflowClient
from mlflow.entities import Run

from tests.conftest import ROOT, tiny_values
from tools.serving import served

BOUNDS = ("bounds@mixture", "bounds@ideal-ratio-mask")
IGNORED_VARIABLES = ("MLFLOW_", "DVC_", "KERAS_", "PYTEST_", "PYTHONDONTWRITEBYTECODE")


@dataclass(frozen=True)
class Workspace:
    """The folder, and the commands that are run in it.

    Attributes:
        path: the folder.
        programs: a folder of programs that `run` prefers to those of the virtual environment.
    """

    path: Path
    programs: Path | None = None

    def run(self, *command: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the virtual environment; its output is in the assertion where it fails."""
        variables = _environment(self.programs) | environment
        result = subprocess.run(command, cwd=self.path, env=variables, capture_output=True, text=True, check=False)
        if check:
            assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}\n{result.stderr}"
        return result

    def start(self, *command: str, log: Path, **environment: str) -> subprocess.Popen[bytes]:
        """Start a command in a process group of its own; what it prints goes to the file `log`."""
        variables = _environment() | environment
        with log.open("wb") as file:
            return subprocess.Popen(
                command, cwd=self.path, env=variables, stdout=file, stderr=file, start_new_session=True
            )

    def stages_run(self, *command: str) -> list[str]:
        """Names of the stages that a DVC command ran, without those that it restored."""
        lines = self.run(*command).stdout.splitlines()
        return [line.split("'")[1] for line in lines if line.startswith("Running stage")]

    def locked(self) -> dict[str, Any]:
        """Entries of dvc.lock by the name of their stage."""
        path = self.path / "dvc.lock"
        stages: dict[str, Any] = yaml.safe_load(path.read_text())["stages"] if path.exists() else {}
        return stages

    def params(self, **changes: object) -> None:
        """Change values of params.yaml."""
        path = self.path / "params.yaml"
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | changes))

    def commit(self) -> None:
        """Commit everything to git, as DVC experiments want it."""
        self.run("git", "add", "-A")
        self.run("git", "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qm", "x")


def make_workspace(path: Path, programs: Path | None = None, **changes: object) -> Workspace:
    """The files that git would clone, tiny parameters, and neither outputs nor cache."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in names:
        if (ROOT / name).is_file() and not name.startswith(("tests/", "reports/", "locks/", "dvc.lock")):
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, path / name)
    workspace = Workspace(path, programs)
    (path / "params.yaml").write_text(yaml.safe_dump(tiny_values() | changes))
    workspace.run("git", "init", "-q")
    workspace.commit()
    return workspace


def _environment(programs: Path | None = None) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(IGNORED_VARIABLES)}
    folders = [*([programs] if programs else []), Path(sys.executable).parent, inherited["PATH"]]
    return inherited | {"PATH": os.pathsep.join(map(str, folders))}


def mlflow_process(folder: Path, *command: str, **environment: str) -> AbstractContextManager[str]:
    """Start `mlflow` with a command such as `ui` in a folder, on a free port; yields its address when it answers."""
    return served("mlflow", *command, folder=folder, environment=_environment() | environment, ready="/health")


def store(workspace: Workspace) -> str:
    """Address of the workspace's MLflow store."""
    return f"sqlite:///{workspace.path / 'mlflow.db'}"


def runs(uri: str) -> dict[str, Run]:
    """Newest run of each architecture in a store, by name without the DVC experiment."""
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("conditioned-u-net")
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"])
    return {run.info.run_name.partition(" [")[0]: run for run in found}


def architectures(workspace: Workspace) -> list[str]:
    """What the report compares, in its order."""
    return list(pd.read_csv(workspace.path / "reports" / "sdr.csv")["architecture"].unique())
