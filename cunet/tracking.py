"""MLflow: a window onto the runs, one an architecture. No stage reads from it.

Everything shown is in the DVC outputs as well, so that a lost store is rebuilt from them.
"""

import hashlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec
from mlflow.utils.mlflow_tags import MLFLOW_LOGGED_ARTIFACTS

from cunet.errors import UserError
from cunet.evaluation.evaluate import PROVENANCE as EVALUATION
from cunet.evaluation.evaluate import read_scores
from cunet.evaluation.examples import EXAMPLES
from cunet.evaluation.protocols import METRICS
from cunet.files import workspace
from cunet.models.cost import Cost
from cunet.preprocess.conditions import SINGLE
from cunet.report.tables import SPREAD, over_tracks, summarise
from cunet.train.history import Row, read_history, read_provenance

EXPERIMENT = "conditioned-u-net"
NOTE = (
    "**Chart view**: SDR by instrument, training curves. "
    "**Artifact view** (table symbol): SDR of every track, runs side by side."
)
MODEL_TAG, SCORES_TAG = "cunet.model", "cunet.scores"
TABLE = "sdr_by_track.json"
SAMPLING_SECONDS = 5
KILOBYTE = 1 if sys.platform == "darwin" else 1024  # in which the system counts memory
COST = "size_and_time"  # MLflow sorts metrics by their prefix: after sdr
CONTROL = "control"


def use_store() -> None:
    """Choose the store: MLFLOW_TRACKING_URI, or else `mlflow.db` in the workspace."""
    if "MLFLOW_TRACKING_URI" not in os.environ:
        mlflow.set_tracking_uri(f"sqlite:///{workspace() / 'mlflow.db'}")


def connect() -> None:
    """Choose the store and, in it, the experiment.

    Raises:
        UserError: the store does not answer.
    """
    use_store()
    home = workspace()
    artifacts = None if "MLFLOW_TRACKING_URI" in os.environ else (home / "mlartifacts").as_uri()
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME", EXPERIMENT)
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    try:
        with FileLock(home / ".mlflow.lock"):
            if mlflow.get_experiment_by_name(name) is None:
                mlflow.create_experiment(name, artifact_location=artifacts)
        mlflow.set_experiment(name)
        mlflow.set_experiment_tags({"mlflow.experimentKind": "custom_model_development", "mlflow.note.content": NOTE})
    except (MlflowException, OSError) as error:
        reason = str(error).splitlines()[0][:200]
        raise UserError(
            f"MLflow: the store at {mlflow.get_tracking_uri()} does not answer ({reason}): "
            "start the server, or unset MLFLOW_TRACKING_URI"
        ) from None


class TrainingRun:
    """The run of an architecture in training; a note beside the checkpoints lets it outlive a kill."""

    def __init__(self, name: str, seed: int, checkpoints: Path) -> None:
        self._name, self._seed, self._note = name, seed, checkpoints / "mlflow_run"

    @contextmanager
    def open(self, provenance: dict[str, Any], continues: bool) -> Iterator[None]:
        """Start the run, or go on with that of the killed training; a failure is shown as one."""
        connect()
        mlflow.set_system_metrics_sampling_interval(SAMPLING_SECONDS)
        run_id = self._left_open(continues)
        with mlflow.start_run(run_id=run_id, run_name=_title(self._name, self._seed), log_system_metrics=True) as run:
            self._note.parent.mkdir(parents=True, exist_ok=True)
            self._note.write_text(run.info.run_id)
            if run_id is None:
                mlflow.set_tags(_tags(self._name))
                _log_provenance(provenance)
            yield

    def on_epoch(self, network: str, row: Row) -> None:
        """Log a row of a network's history."""
        _log_epoch(network, row)

    def finish(self, model: Path, seconds: float) -> None:
        """Note what the training took, and which model came out, so that its scores find the run."""
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KILOBYTE
        mlflow.log_metrics({f"{COST}/train_seconds": seconds, f"{COST}/train_memory_gb": memory / 1e9})
        mlflow.set_tag(MODEL_TAG, digest(model))
        print(f"{self._name}: trained in {seconds / 60:.1f} min, {memory / 1e9:.1f} GB of memory")

    def _left_open(self, continues: bool) -> str | None:
        """The run of the killed training, where this one continues it; else it is ended."""
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


def log_scores(results: Path, model: Path | None, separation: float | None = None) -> None:
    """Show what the folder `results` holds, in the run that trained `model` or else in a new one.

    Logs SDR by target, the table of all scores by track, pictures, sound, the model and what it costs, with the
    seconds of `separation` that a minute of one target took, where they are known. Does nothing where a run shows
    it already.
    """
    connect()
    scores = read_scores(results)
    name = scores["architecture"].iloc[0]
    tags = {MODEL_TAG: digest(model) if model else name, SCORES_TAG: digest(results)}
    if _find(tags):
        return
    trained = _find({MODEL_TAG: tags[MODEL_TAG]})
    # A run that already has a table was scored before, or killed while it was: MLflow would append to the table.
    title = _title(name, read_provenance(model)["seed"]) if model else name
    unscored = [run for run in trained if MLFLOW_LOGGED_ARTIFACTS not in run.data.tags]
    with mlflow.start_run(run_id=unscored[0].info.run_id if unscored else None, run_name=title):
        if not unscored:
            mlflow.set_tags(_tags(name))
            if model:
                _log_training(model)
        _log_provenance(json.loads((results / EVALUATION).read_text()))
        _log_results(scores, results)
        if model:
            _log_cost(model, separation)
            _log_model(model)
        mlflow.set_tags(tags)


def log_interpretation(control: Path, model: Path) -> None:
    """Show the pictures, tables and sound of the folder `control` in the run of `model`, where there is one."""
    connect()
    for run in _find({MODEL_TAG: digest(model)})[:1]:
        MlflowClient().log_artifacts(run.info.run_id, str(control), CONTROL)


def digest(folder: Path) -> str:
    """Short digest of the names and contents of all files in a folder."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes())
    return total.hexdigest()[:16]


def _find(tags: dict[str, str]) -> list[Run]:
    conditions = " and ".join(f"tags.`{name}` = '{value}'" for name, value in tags.items())
    runs: list[Run] = mlflow.search_runs(filter_string=conditions, output_format="list")
    return runs


def _title(name: str, seed: int) -> str:
    """Name of a run; trainings with other seeds than the first that comes to mind say so."""
    return f"{name}, seed {seed}" if seed else name


def _tags(name: str) -> dict[str, str]:
    """Where the run comes from: architecture, git commit, DVC experiment."""
    commit = (
        os.environ.get("DVC_EXP_BASELINE_REV")
        or subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    )
    tags = {"architecture": name, "git.commit": commit, "dvc.experiment": os.environ.get("DVC_EXP_NAME", "")}
    return {tag: value for tag, value in tags.items() if value}


def _log_provenance(provenance: dict[str, Any]) -> None:
    """Parameters, and as tags the extent and fingerprints of the data."""
    mlflow.set_tags({name: value for name, value in provenance.items() if name.startswith("data.")})
    mlflow.log_params({name: value for name, value in provenance.items() if not name.startswith("data.")})


def _log_epoch(network: str, row: Row) -> None:
    curves = {
        f"train_loss/{network}": row["train_loss"],
        f"train_rate/{network}": row["learning_rate"],
        f"validation_loss/{network}": row["validation_loss"],
    }
    mlflow.log_metrics(curves, step=int(row["epoch"]))


def _log_training(model: Path) -> None:
    """Parameters and curves of a training whose run the store does not have."""
    _log_provenance(read_provenance(model))
    for network, rows in read_history(model).groupby("network", sort=False):
        for number in range(len(rows)):
            _log_epoch(str(network), dict(rows.iloc[number].drop("network")))


def _log_cost(model: Path, separation: float | None) -> None:
    cost = asdict(Cost.load(model)) | ({"separation_seconds_per_minute": separation} if separation else {})
    mlflow.log_metrics({f"{COST}/{name}": float(value) for name, value in cost.items()})


def _log_results(scores: pd.DataFrame, results: Path) -> None:
    summary = summarise(scores)
    sdr = summary.dropna(subset=["SDR"])
    mlflow.log_metrics({_metric(*row): float(value) for *row, value in sdr[["group", "target", "SDR"]].to_numpy()})
    mlflow.log_table(_table(scores, summary), TABLE)
    if (results / EXAMPLES).exists():
        mlflow.log_artifacts(str(results / EXAMPLES), EXAMPLES)


def _metric(group: str, target: str) -> str:
    """Name of a metric: single instruments come first among MLflow's charts; a plus is not allowed."""
    return f"sdr/{target}" if group == SINGLE else f"sdr of {group}/{target.replace('+', ' and ')}"


def _table(scores: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """Medians or means over tracks, then a row a track and target.

    MLflow's comparison of tables opens grouped by the first column, and shows the second beside each other.
    """
    whole = summary.assign(track=over_tracks(scores))
    spread = [column for column in SPREAD if column in summary]
    table = pd.concat([whole, scores], ignore_index=True).round(dict.fromkeys([*METRICS, *spread], 2))
    table.insert(0, "score", table["track"] + ": " + table["target"])
    return table[["score", *METRICS, *spread, "track", "target", "protocol", "frames", "lost"]]


def _log_model(model: Path) -> None:
    """The networks, each loadable by `mlflow.keras.load_model`, and the folder that the chain wrote."""
    import keras  # takes seconds, and the bounds have no model

    from cunet.models.saved import load_networks

    mlflow.log_artifacts(str(model), "model")
    requirements = [f"{package}=={version(package)}" for package in ("keras", keras.backend.backend(), "h5py")]
    _, networks = load_networks(model)
    for name, network in networks.items():
        mlflow.keras.log_model(
            network, name=name.replace(" ", "_"), signature=_signature(network), pip_requirements=requirements
        )


def _signature(network: Any) -> ModelSignature:
    def schema(tensors: list[Any]) -> Schema:
        return Schema([TensorSpec(np.dtype("float32"), (-1, *tensor.shape[1:]), tensor.name) for tensor in tensors])

    return ModelSignature(schema(network.inputs), schema(network.outputs))
