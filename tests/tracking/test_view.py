"""The saved view of the runs in MLflow."""

import base64
import json
import zlib
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from cunet.store import NOTE_TAG, connect, current_experiment
from cunet.tracking.view import TAG, save_view


def test_the_view_has_a_column_per_instrument_and_the_best_run_first(
    mlflow_store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    connect()
    for _ in range(2):  # a later comparison replaces it
        save_view(["bass", "vocals"])
    experiment = current_experiment()
    view = json.loads(experiment.tags[TAG])
    state = json.loads(zlib.decompress(base64.b64decode(view["state"].removeprefix("deflate;"))))
    assert state["selectedColumns"][-3:] == ["metrics.`sdr/mean`", "metrics.`sdr/bass`", "metrics.`sdr/vocals`"]
    assert (state["orderByKey"], state["orderByAsc"]) == ("metrics.`sdr/mean`", False)
    page = f"/#/experiments/{experiment.experiment_id}/runs?workflowType=machine_learning&viewStateShareKey=sdr"
    assert capsys.readouterr().out == f"SDR in MLflow: mlflow ui, then http://127.0.0.1:5000{page}\n\n" * 2
    assert experiment.tags[NOTE_TAG].count(f"]({page})") == 1


def test_a_note_of_the_user_stays(mlflow_store: Path) -> None:
    connect()
    MlflowClient().set_experiment_tag(current_experiment().experiment_id, NOTE_TAG, "mine")
    save_view(["bass"])
    assert current_experiment().tags[NOTE_TAG] == "mine"


def test_of_a_server_its_address_without_the_password_is_printed(
    mlflow_store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    connect()
    monkeypatch.setattr(mlflow, "get_tracking_uri", lambda: "https://me:secret@mlflow.example:8080/lab/")
    save_view(["bass"])
    assert capsys.readouterr().out.startswith("SDR in MLflow: https://mlflow.example:8080/lab/#/experiments/1/runs?")


def test_a_store_that_refuses_the_view_is_a_warning(
    mlflow_store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise MlflowException("permission denied")

    connect()
    monkeypatch.setattr(MlflowClient, "set_experiment_tag", refuse)
    save_view(["bass"])
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "warning: MLflow did not save the view of the SDR (permission denied)\n"
