"""The run of an architecture in training."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import mlflow
import pytest

from cunet.layout import checkpoints_of
from cunet.store import connect, find, fingerprint
from cunet.tracking.note import Note, forget_training, note_of_model
from cunet.tracking.training import TrainingRun, log_training
from cunet.train.history import Row, write_history

PROVENANCE = {"architecture": "unet", "seed": 1, "data.train": "abc"}


def row(epoch: int) -> Row:
    return {"epoch": epoch, "train_loss": 1 / epoch, "validation_loss": 2 / epoch, "learning_rate": 0.1}


def train(
    checkpoints: Path, identity: str = "same", epochs: int = 1, ends_by: type[BaseException] | None = None
) -> str:
    """The ID of the run of a training; epochs before the last are those of a session that was killed."""
    run = TrainingRun("unet", 1, checkpoints)
    with run.open(PROVENANCE, identity, {"bass": [row(epoch) for epoch in range(1, epochs)]}):
        active = mlflow.active_run()
        assert active is not None
        run.on_epoch("bass", row(epochs))
        if ends_by:
            raise ends_by
    return str(active.info.run_id)


def steps(run_id: str) -> list[int]:
    return [point.step for point in mlflow.MlflowClient().get_metric_history(run_id, "validation_loss/bass")]


def test_a_run_has_parameters_tags_and_curves(mlflow_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (mlflow_store / "model").mkdir()
    (mlflow_store / "model" / "weights").touch()
    training = TrainingRun("unet", 1, mlflow_store / "checkpoints")
    with training.open(PROVENANCE, "same", {}):
        for epoch in (1, 2):
            training.on_epoch("bass", row(epoch))
        training.finish(mlflow_store / "model", seconds=90)
    (run,) = find({"cunet.model": fingerprint(mlflow_store / "model")})
    assert run.info.run_name == "unet, seed 1"
    assert run.info.status == "FINISHED"
    assert run.data.params == {"architecture": "unet", "seed": "1"}
    assert run.data.tags["data.train"] == "abc"
    metrics = run.data.metrics
    assert metrics["size_and_time/train_seconds"] == 90
    assert 0.05 < metrics["size_and_time/train_memory_gb"] < 100
    curve = mlflow.MlflowClient().get_metric_history(run.info.run_id, "validation_loss/bass")
    assert [(point.step, point.value) for point in curve] == [(1, 2), (2, 1)]
    assert "unet: trained in 1.5 min" in capsys.readouterr().out


@pytest.mark.parametrize(("ends_by", "status"), [(KeyError, "FAILED"), (KeyboardInterrupt, "KILLED")])
def test_a_killed_training_goes_on_in_its_run_and_another_ends_it(
    mlflow_store: Path, ends_by: type[BaseException], status: str
) -> None:
    checkpoints = mlflow_store / "checkpoints"
    with pytest.raises(ends_by):
        train(checkpoints, ends_by=ends_by)
    (failed,) = find({"architecture": "unet"})
    assert failed.info.status == status
    assert train(checkpoints, epochs=4) == failed.info.run_id
    assert steps(failed.info.run_id) == [1, 2, 3, 4]  # the checkpoints had two that were not logged
    assert train(checkpoints, identity="other") != failed.info.run_id
    assert mlflow.get_run(failed.info.run_id).info.status == "KILLED"


def test_a_run_that_the_store_no_longer_has_is_started_again(mlflow_store: Path) -> None:
    path = mlflow_store / "checkpoints" / "mlflow_run.json"
    Note("0" * 32, "same").write(path)
    first = train(path.parent)
    assert Note.read(path).run == first != "0" * 32
    mlflow.delete_run(first)
    assert train(path.parent) == Note.read(path).run != first


def test_a_run_of_another_experiment_is_left_alone(mlflow_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = train(mlflow_store / "checkpoints")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "other")
    assert train(mlflow_store / "checkpoints") != first


def test_a_finished_training_that_dvc_does_not_have_keeps_its_run_and_commit(
    mlflow_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(mlflow_store)
    (mlflow_store / "model").mkdir()
    for commit in ("first", "second"):
        monkeypatch.setenv("DVC_EXP_BASELINE_REV", commit)
        training = TrainingRun("unet", 1, checkpoints_of("unet", 1))
        with training.open(PROVENANCE, "same", {"bass": [row(1)]} if commit == "second" else {}):
            if commit == "first":
                training.on_epoch("bass", row(1))
            training.finish(mlflow_store / "model", seconds=90)
    (run,) = find({"architecture": "unet"})
    assert run.data.tags["git.commit"] == "first"
    trained = fingerprint(mlflow_store / "model")
    assert run.data.tags["cunet.model"] == trained
    assert steps(run.info.run_id) == [1]
    costs = mlflow.MlflowClient().get_metric_history(run.info.run_id, "size_and_time/train_seconds")
    assert len(costs) == 1
    forget_training("unet", "another model")
    assert checkpoints_of("unet", 1).exists()
    forget_training("unet", trained)
    assert not checkpoints_of("unet", 1).parent.exists()


def test_a_finished_run_stays_finished_when_another_training_starts(mlflow_store: Path) -> None:
    (mlflow_store / "model").mkdir()
    training = TrainingRun("unet", 1, mlflow_store / "checkpoints")
    with training.open(PROVENANCE, "same", {}):
        training.finish(mlflow_store / "model", seconds=90)
    (run,) = find({"architecture": "unet"})
    assert train(mlflow_store / "checkpoints", identity="other") != run.info.run_id
    assert mlflow.get_run(run.info.run_id).info.status == "FINISHED"


@contextmanager
def server(answers: bool) -> Iterator[str]:
    """A server that answers every request with status 500, or never; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if answers:
                self.send_error(500)
            else:
                time.sleep(30)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        listening.block_on_close = False
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()


@pytest.mark.parametrize("answers", [True, False])
def test_a_server_that_fails_or_is_silent_holds_nothing_up(
    mlflow_store: Path, answers: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    begin = time.monotonic()
    with server(answers) as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        (mlflow_store / "model").mkdir()
        training = TrainingRun("unet", 1, mlflow_store / "checkpoints")
        with training.open(PROVENANCE, "same", {}):
            for epoch in range(1, 50):
                training.on_epoch("bass", row(epoch))
            training.finish(mlflow_store / "model", seconds=90)
    assert time.monotonic() - begin < 10
    (warning,) = capsys.readouterr().err.splitlines()
    assert warning.startswith(f"warning: MLflow: the store at {address} does not answer")
    assert "run cunet log" in warning
    assert Note.read(note_of_model(fingerprint(mlflow_store / "model"))).metrics["size_and_time/train_seconds"] == 90


def test_when_the_store_is_back_all_is_logged_once_and_in_order(
    mlflow_store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cunet.tracking.training.PATIENCE", 0)
    (mlflow_store / "model").mkdir()
    training = TrainingRun("unet", 1, mlflow_store / "checkpoints")
    with training.open(PROVENANCE, "same", {}):
        training.on_epoch("bass", row(1))
        with closing(sqlite3.connect(mlflow_store / "mlflow.db")) as other:
            other.execute("BEGIN EXCLUSIVE")
            training.on_epoch("bass", row(2))
            assert "database is locked" in capsys.readouterr().err
        training.on_epoch("bass", row(3))
        training.finish(mlflow_store / "model", seconds=90)
    (run,) = find({"cunet.model": fingerprint(mlflow_store / "model")})
    assert (run.info.status, run.data.tags["data.train"]) == ("FINISHED", "abc")
    assert steps(run.info.run_id) == [1, 2, 3]
    assert not note_of_model(fingerprint(mlflow_store / "model")).exists()


def test_a_training_is_logged_from_its_outputs(mlflow_store: Path) -> None:
    write_history({"bass": [row(1), row(2)], "vocals": [row(1)]}, PROVENANCE, mlflow_store)
    connect()
    with mlflow.start_run() as run:
        log_training(mlflow_store, run.info.run_id)
    logged = mlflow.get_run(run.info.run_id).data
    assert logged.params["architecture"] == "unet"
    assert {name: value for name, value in logged.metrics.items() if name.startswith("train_loss")} == {
        "train_loss/bass": 0.5,
        "train_loss/vocals": 1,
    }


def test_a_damaged_store_is_a_warning(mlflow_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (mlflow_store / "mlflow.db").write_text("no database")
    (mlflow_store / "model").mkdir()
    training = TrainingRun("unet", 1, mlflow_store / "checkpoints")
    with training.open(PROVENANCE, "same", {}):
        training.on_epoch("bass", row(1))
        training.finish(mlflow_store / "model", seconds=90)
    (warning,) = capsys.readouterr().err.splitlines()
    assert warning.startswith("warning: MLflow: the store at sqlite:///")
    assert "file is not a database" in warning
