"""The data that a run used, as MLflow's inputs."""

from pathlib import Path

import mlflow

from cunet.store import connect
from cunet.tracking.datasets import log_tracks


def test_a_run_says_which_tracks_it_was_trained_and_tested_on(mlflow_store: Path) -> None:
    connect()
    with mlflow.start_run() as run:
        log_tracks("train", "1234abcd")
        log_tracks("test", "5678")
    inputs = mlflow.get_run(run.info.run_id).inputs
    assert inputs is not None
    entries = inputs.dataset_inputs
    found = {entry.dataset.name: (entry.dataset.digest, entry.tags[0].value) for entry in entries}
    assert found == {"train tracks": ("1234abcd", "training"), "test tracks": ("5678", "testing")}
    assert all(str(mlflow_store) not in entry.dataset.source for entry in entries)  # the folder may be moved
