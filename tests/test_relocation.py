"""Workspaces with a store of MLflow that are moved and copied."""

import shutil
import sqlite3
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts

from cunet.relocation import follow
from cunet.store import connect, use_store


@pytest.fixture
def logged(mlflow_store: Path, tmp_path: Path) -> str:
    """A run with an artifact and a model, which is registered; the ID of the run."""
    connect()
    with mlflow.start_run() as run:
        mlflow.log_text("before", "note.txt")
        model = mlflow.initialize_logged_model("separator")
        MlflowClient().log_model_artifacts(model.model_id, str(written(tmp_path / "model")))
        MlflowClient().finalize_logged_model(model.model_id, "READY")
    MlflowClient().create_registered_model("conditioned-u-net")
    version = mlflow.register_model(model.model_uri, "conditioned-u-net")
    MlflowClient().set_registered_model_alias("conditioned-u-net", "best", version.version)
    return str(run.info.run_id)


def written(folder: Path) -> Path:
    folder.mkdir()
    (folder / "MLmodel").write_text("flavors: {}\n")
    return folder


def go_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")  # which MLflow has set to the store of before


def read(address: str, name: str) -> str:
    return Path(download_artifacts(f"{address}/{name}")).read_text()


def test_a_moved_workspace_finds_its_artifacts_and_models(
    mlflow_store: Path, logged: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = mlflow_store.rename(tmp_path / "moved to here%")
    go_to(moved, monkeypatch)
    use_store()
    assert read(f"runs:/{logged}", "note.txt") == "before"
    assert read("models:/conditioned-u-net@best", "MLmodel") == "flavors: {}\n"


def test_a_copied_workspace_writes_into_itself(
    mlflow_store: Path, logged: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copytree(mlflow_store, tmp_path / "copy")
    before = {path: path.stat().st_mtime_ns for path in mlflow_store.rglob("*")}
    go_to(copy, monkeypatch)
    connect()
    with mlflow.start_run() as run:
        mlflow.log_text("new", "note.txt")
    assert (copy / "mlartifacts" / run.info.run_id / "artifacts" / "note.txt").read_text() == "new"
    assert {path: path.stat().st_mtime_ns for path in mlflow_store.rglob("*")} == before


def test_experiments_whose_artifacts_are_elsewhere_are_left_alone(
    mlflow_store: Path, logged: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = {"cloud": "s3://bucket/mlartifacts", "folder": (tmp_path / "other" / "mlartifacts").as_uri()}
    for name, place in elsewhere.items():
        experiment = mlflow.create_experiment(name, place)
        MlflowClient().create_run(experiment)
    moved = mlflow_store.rename(tmp_path / "moved")
    go_to(moved, monkeypatch)
    use_store()
    assert read(f"runs:/{logged}", "note.txt") == "before"
    for name, place in elsewhere.items():
        (run,) = mlflow.search_runs(experiment_names=[name], output_format="list")
        assert str(run.info.artifact_uri).startswith(f"{place}/")


def test_artifacts_that_stayed_where_they_were_are_found_there(
    mlflow_store: Path, logged: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(mlflow_store / "mlflow.db", copy)
    go_to(copy, monkeypatch)
    use_store()
    assert read(f"runs:/{logged}", "note.txt") == "before"


def test_what_is_no_store_is_left_to_mlflow(tmp_path: Path) -> None:
    store, artifacts = tmp_path / "mlflow.db", tmp_path / "mlartifacts"
    artifacts.mkdir()
    follow(store, artifacts)
    assert not store.exists()
    store.write_text("no database")
    follow(store, artifacts)
    assert store.read_text() == "no database"
    store.unlink()
    with sqlite3.connect(store) as database:
        database.execute("CREATE TABLE other (x)")
    follow(store, artifacts)
