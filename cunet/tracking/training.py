"""The MLflow run of a training."""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException

from cunet.store import MODEL_TAG, connect, fingerprint, tags, title
from cunet.tracking.datasets import log_tracks
from cunet.train.history import Row, read_history, read_provenance

SAMPLING_SECONDS = 5
MOST_METRICS = 1000  # per request to MLflow
KILOBYTE = 1 if sys.platform == "darwin" else 1024  # the system's unit of memory
COST = "size_and_time"  # MLflow sorts metrics by their prefix: after sdr


class TrainingRun:
    """The MLflow run of a training; its ID beside the checkpoints lets a resumed training continue it."""

    def __init__(self, name: str, seed: int, checkpoints: Path) -> None:
        self._name, self._seed, self._note = name, seed, checkpoints / "mlflow_run"

    @contextmanager
    def open(self, provenance: dict[str, Any], continues: bool) -> Iterator[None]:
        """Start the run, or continue that of the killed training; failures are marked."""
        connect()
        mlflow.set_system_metrics_sampling_interval(SAMPLING_SECONDS)
        run_id = self._left_open(continues)
        with mlflow.start_run(run_id=run_id, run_name=title(self._name, self._seed), log_system_metrics=True) as run:
            self._note.parent.mkdir(parents=True, exist_ok=True)
            self._note.write_text(run.info.run_id)
            if run_id is None:
                mlflow.set_tags(tags(self._name))
                log_provenance(provenance)
                log_tracks("train", provenance["data.train"])
            yield

    def on_epoch(self, network: str, row: Row) -> None:
        """Log a row of a network's history."""
        log_epoch(network, row)

    def finish(self, model: Path, seconds: float) -> None:
        """Log the cost of the training and a fingerprint of the model, by which its scores find the run."""
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KILOBYTE
        mlflow.log_metrics({f"{COST}/train_seconds": seconds, f"{COST}/train_memory_gb": memory / 1e9})
        mlflow.set_tag(MODEL_TAG, fingerprint(model))
        print(f"{self._name}: trained in {seconds / 60:.1f} min, {memory / 1e9:.1f} GB of memory")

    def _left_open(self, continues: bool) -> str | None:
        """The run of the killed training if this training continues it; otherwise end that run."""
        if not self._note.exists():
            return None
        run_id = self._note.read_text()
        try:
            mlflow.get_run(run_id)
        except MlflowException:
            return None
        if continues:
            return run_id
        MlflowClient().set_terminated(run_id, "KILLED")
        return None


def log_training(model: Path, run_id: str) -> None:
    """Log parameters, data and curves of a training to the active run, if the store lacks its own run."""
    provenance = read_provenance(model)
    log_provenance(provenance)
    log_tracks("train", provenance["data.train"])
    now, metrics = int(1000 * time.time()), []
    for network, rows in read_history(model).groupby("network", sort=False):
        for number in range(len(rows)):
            row = dict(rows.iloc[number].drop("network"))
            metrics += [Metric(*curve, now, int(row["epoch"])) for curve in _curves(str(network), row).items()]
    for start in range(0, len(metrics), MOST_METRICS):
        MlflowClient().log_batch(run_id, metrics[start : start + MOST_METRICS])


def log_provenance(provenance: dict[str, Any]) -> None:
    """Log parameters, and the size and fingerprints of the data as tags."""
    mlflow.set_tags({name: value for name, value in provenance.items() if name.startswith("data.")})
    mlflow.log_params({name: value for name, value in provenance.items() if not name.startswith("data.")})


def log_epoch(network: str, row: Row) -> None:
    """Log a row of a network's history."""
    mlflow.log_metrics(_curves(network, row), step=int(row["epoch"]))


def _curves(network: str, row: Row) -> dict[str, float]:
    return {
        f"train_loss/{network}": row["train_loss"],
        f"train_rate/{network}": row["learning_rate"],
        f"validation_loss/{network}": row["validation_loss"],
    }
