"""The run of an architecture in training."""

from pathlib import Path

import mlflow
import pytest

from cunet.store import connect, find, fingerprint
from cunet.tracking.training import TrainingRun, log_training
from cunet.train.history import Row, write_history

PROVENANCE = {"architecture": "unet", "seed": 1, "data.train": "abc"}


def row(epoch: int) -> Row:
    return {"epoch": epoch, "train_loss": 1 / epoch, "validation_loss": 2 / epoch, "learning_rate": 0.1}


def train(checkpoints: Path, continues: bool, kill: bool = False) -> str:
    """The ID of the run of a training of one epoch."""
    run = TrainingRun("unet", 1, checkpoints)
    with run.open(PROVENANCE, continues):
        active = mlflow.active_run()
        assert active is not None
        run.on_epoch("bass", row(1))
        if kill:
            raise KeyError
    return str(active.info.run_id)


def test_a_run_has_parameters_tags_and_curves(mlflow_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (mlflow_store / "model").mkdir()
    (mlflow_store / "model" / "weights").touch()
    training = TrainingRun("unet", 1, mlflow_store / "checkpoints")
    with training.open(PROVENANCE, continues=False):
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


def test_a_killed_training_goes_on_in_its_run_and_another_ends_it(mlflow_store: Path) -> None:
    checkpoints = mlflow_store / "checkpoints"
    with pytest.raises(KeyError):
        train(checkpoints, continues=False, kill=True)
    (failed,) = find({"architecture": "unet"})
    assert failed.info.status == "FAILED"
    assert train(checkpoints, continues=True) == failed.info.run_id
    assert train(checkpoints, continues=False) != failed.info.run_id
    assert mlflow.get_run(failed.info.run_id).info.status == "KILLED"


def test_a_run_that_the_store_no_longer_has_is_started_again(mlflow_store: Path) -> None:
    note = mlflow_store / "checkpoints" / "mlflow_run"
    note.parent.mkdir()
    note.write_text("0" * 32)
    assert train(note.parent, continues=True) == note.read_text() != "0" * 32


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
