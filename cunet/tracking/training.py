"""The MLflow run of a training."""

import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric

from cunet.store import MODEL_TAG, connect, existing_run, fingerprint, tags, title
from cunet.tracking.datasets import log_tracks
from cunet.tracking.note import Note, delete, note_of_model, note_of_training
from cunet.tracking.optional import warn
from cunet.train.history import Row, read_history, read_provenance

SAMPLING_SECONDS = 5
MOST_METRICS = 999  # per request to MLflow, which takes 1000; an epoch has three
KILOBYTE = 1 if sys.platform == "darwin" else 1024  # the system's unit of memory
PATIENCE = 20  # times the seconds of a failed attempt until the next one
COST = "size_and_time"  # MLflow sorts metrics by their prefix: after sdr


class TrainingRun:
    """The MLflow run of a training, which continues while MLflow does not answer.

    What is not logged yet is kept: epochs in memory and in the checkpoints, the rest in a note.
    """

    def __init__(self, name: str, seed: int, checkpoints: Path) -> None:
        self._name, self._seed, self._path = name, seed, note_of_training(checkpoints)
        self._waiting: list[tuple[str, Row]] = []
        self._described, self._next_try = False, 0.0

    @contextmanager
    def open(self, provenance: dict[str, Any], identity: str, histories: dict[str, list[Row]]) -> Iterator[None]:
        """Start the run, or continue that of the killed training with this identity.

        Args:
            provenance: what the training depends on.
            identity: of the training; see `cunet.files.identity`.
            histories: epochs that the killed training finished, by network.
        """
        self._provenance = provenance
        self._waiting = [(network, row) for network, rows in histories.items() for row in rows]
        self._left = Note.read(self._path)
        self._note = replace(self._left) if self._left.identity == identity else Note(identity=identity)
        self._try(self._log)
        status = "FAILED"
        try:
            yield
            status = "FINISHED"
        except KeyboardInterrupt:
            status = "KILLED"
            raise
        finally:
            with suppress(Exception):  # warned of before
                mlflow.end_run(status)

    def on_epoch(self, network: str, row: Row) -> None:
        """Log a row of a network's history, and those that could not be logged before."""
        self._waiting.append((network, row))
        if time.monotonic() >= self._next_try:
            self._try(self._log)

    def finish(self, model: Path, seconds: float) -> None:
        """Log the cost of the training and a fingerprint of the model, by which its scores find the run."""
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KILOBYTE
        trained = self._note.model = fingerprint(model)
        self._note.metrics = {f"{COST}/train_seconds": seconds, f"{COST}/train_memory_gb": memory / 1e9}
        unlogged = note_of_model(trained)
        if self._left.model != trained or self._left.run != self._note.run or unlogged.exists():
            self._note.write(unlogged)
            self._note.write(self._path)
            if self._try(lambda: self._complete(trained)):
                delete(unlogged)
        print(f"{self._name}: trained in {seconds / 60:.1f} min, {memory / 1e9:.1f} GB of memory")

    def _try(self, action: Callable[[], None]) -> bool:
        """Log and return True, or warn and wait, so that a store that does not answer takes little of the time."""
        begin = time.monotonic()
        try:
            action()
        except Exception as error:  # of MLflow, or of the library of any database or artifact store
            if not self._next_try:
                warn(error)
            self._next_try = time.monotonic() + PATIENCE * (time.monotonic() - begin)
            return False
        self._next_try = 0.0
        return True

    def _log(self) -> None:
        """Log what is waiting; start the run and describe it if that has not been done."""
        if mlflow.active_run() is None:
            self._start()
        if not self._described:
            log_provenance(self._provenance)
            log_tracks("train", self._provenance["data.train"])
            self._described = True
        log_epochs(self._note.run, self._waiting)
        self._waiting = []

    def _complete(self, trained: str) -> None:
        self._log()
        mlflow.log_metrics(self._note.metrics)
        mlflow.set_tag(MODEL_TAG, trained)

    def _start(self) -> None:
        """Start the run; or continue the one of a training with this identity, and end a killed one with another."""
        connect()
        mlflow.set_system_metrics_sampling_interval(SAMPLING_SECONDS)
        left = existing_run(self._left.run)
        if left and self._left.identity != self._note.identity:
            if not self._left.model:
                MlflowClient().set_terminated(left.info.run_id, "KILLED")
            left = None
        run_id = left.info.run_id if left else None
        run = mlflow.start_run(run_id=run_id, run_name=title(self._name, self._seed), log_system_metrics=True)
        if left is None:
            mlflow.set_tags(tags(self._name))
        self._note.run = run.info.run_id
        self._note.write(self._path)


def log_training(model: Path, run_id: str) -> None:
    """Log parameters, data and curves of a training to the active run, as far as it lacks them."""
    provenance = read_provenance(model)
    log_provenance(provenance)
    log_tracks("train", provenance["data.train"])
    rows = read_history(model).to_dict("records")
    log_epochs(run_id, [(str(row.pop("network")), row) for row in rows])  # type: ignore[misc]


def log_epochs(run_id: str, rows: list[tuple[str, Row]]) -> None:
    """Log rows of the histories of networks to a run, but for those that it has."""
    client, now = MlflowClient(), int(1000 * time.time())
    last = {network: _last_epoch(client, run_id, network) for network in {network for network, _ in rows}}
    metrics = [
        Metric(*curve, now, int(row["epoch"]))
        for network, row in rows
        if row["epoch"] > last[network]
        for curve in _curves(network, row).items()
    ]
    for start in range(0, len(metrics), MOST_METRICS):
        client.log_batch(run_id, metrics[start : start + MOST_METRICS])


def _last_epoch(client: MlflowClient, run_id: str, network: str) -> int:
    logged = client.get_metric_history(run_id, f"validation_loss/{network}")
    return max((metric.step for metric in logged), default=0)


def log_provenance(provenance: dict[str, Any]) -> None:
    """Log parameters, and the size and fingerprints of the data as tags."""
    mlflow.set_tags({name: value for name, value in provenance.items() if name.startswith("data.")})
    mlflow.log_params({name: value for name, value in provenance.items() if not name.startswith("data.")})


def _curves(network: str, row: Row) -> dict[str, float]:
    return {
        f"train_loss/{network}": row["train_loss"],
        f"train_rate/{network}": row["learning_rate"],
        f"validation_loss/{network}": row["validation_loss"],
    }
