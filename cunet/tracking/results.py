"""Logs results to the runs of the models: scores, costs, and the models themselves."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.utils.mlflow_tags import MLFLOW_LOGGED_ARTIFACTS

from cunet.comparison.tables import METRIC_DECIMALS, SPREAD, over_tracks, protocol_of, sdr_table, summarise
from cunet.conditions.naming import SINGLE
from cunet.evaluation.bss_eval import METRICS, WHOLE_TRACK
from cunet.evaluation.evaluate import EVALUATION, read_scores
from cunet.files import intact
from cunet.store import MODEL_TAG, NOTE_TAG, SCORES_TAG, connect, existing_run, find, fingerprint, tags, title
from cunet.tracking.datasets import log_tracks
from cunet.tracking.note import Note, delete, note_of_model
from cunet.tracking.training import COST, log_provenance, log_training
from cunet.train.cost import Cost
from cunet.train.history import read_provenance

TABLE = "sdr_by_track.json"


def log_scores(results: Path, model: Path | None, separation: float | None = None) -> bool:
    """Log the folder `results` to the run that trained `model`, or to a new run.

    Logs SDR by target, the table of all scores by track, the model, and its costs, including the seconds of
    `separation` per minute of one target, if known. Does nothing if a run has these results already.

    Returns:
        whether there was something to log.
    """
    connect()
    scores, evaluation = read_scores(results), read_evaluation(results)
    name = scores["architecture"].iloc[0]
    shown = {MODEL_TAG: fingerprint(model) if model else name, SCORES_TAG: fingerprint(results)}
    if find(shown):
        return False
    trained = find({MODEL_TAG: shown[MODEL_TAG]})
    # A run that has a table was scored before, or killed during scoring: MLflow would append to the table.
    run_name = title(name, read_provenance(model)["seed"] if model else 0)
    unscored = [run for run in trained if MLFLOW_LOGGED_ARTIFACTS not in run.data.tags]
    file = note_of_model(shown[MODEL_TAG])
    left = unscored[0] if unscored else existing_run(Note.read(file).run)
    own = left.data.tags if left else tags(name)
    with mlflow.start_run(run_id=left.info.run_id if left else None, run_name=run_name) as run:
        if left is None:
            mlflow.set_tags(own)
        mlflow.set_tag(MODEL_TAG, shown[MODEL_TAG])  # by which this run is found if what follows fails
        if model and not unscored:
            log_training(model, run.info.run_id)
            mlflow.log_metrics(Note.read(file).metrics)
            delete(file)
        log_provenance(evaluation)
        log_tracks("test", evaluation["data.test"])
        summary = summarise(scores)
        metrics = _log_results(scores, summary)
        if model:
            from cunet.tracking.models import log_model, served_model  # takes a second, and the bounds have no model

            _log_cost(model, separation)
            served = (left and served_model(left)) or log_model(model, results, own.get("git.commit", ""))
            mlflow.log_metrics(metrics, model_id=served)
        mlflow.log_table(_table(scores, summary), TABLE)  # last, since it cannot be replaced
        mlflow.set_tags(shown)
    return True


def read_evaluation(results: Path) -> dict[str, Any]:
    """Settings and data behind the scores."""
    path = results / EVALUATION
    with intact(path):
        evaluation: dict[str, Any] = json.loads(path.read_text())
        if not isinstance(evaluation["data.test"], str):
            raise ValueError("it does not name the data")
    return evaluation


def _log_cost(model: Path, separation: float | None) -> None:
    cost = asdict(Cost.load(model)) | ({"separation_seconds_per_minute": separation} if separation else {})
    mlflow.log_metrics({f"{COST}/{name}": float(value) for name, value in cost.items()})


def _log_results(scores: pd.DataFrame, summary: pd.DataFrame) -> dict[str, float]:
    """Log SDR by target, as metrics and as the run's description; return the metrics."""
    sdr = summary.dropna(subset=["SDR"])
    values = sdr[["group", "target", "SDR"]].to_numpy()
    metrics = {_metric(*row): round(float(value), METRIC_DECIMALS) for *row, value in values}
    mlflow.log_metrics(metrics)
    title = f"SDR in dB, {protocol_of(scores).title}"
    mlflow.set_tag(NOTE_TAG, f"{title}\n\n{sdr_table(summary, SINGLE).to_markdown(index=False)}")
    return metrics


def _metric(group: str, target: str) -> str:
    """Name of a metric, such that single instruments come first in MLflow's charts; MLflow allows no plus."""
    return f"sdr/{target}" if group == SINGLE else f"sdr of {group}/{target.replace('+', ' and ')}"


def _table(scores: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """Medians or means over tracks, then one row per track and target.

    MLflow's comparison of tables is grouped by the first column and compares the second between runs by default.
    """
    whole = summary.assign(track=over_tracks(scores))
    spread = [column for column in SPREAD if column in summary]
    table = pd.concat([whole, scores], ignore_index=True).round(dict.fromkeys([*METRICS, *WHOLE_TRACK, *spread], 2))
    table.insert(0, "score", table["track"] + ": " + table["target"])
    return table[["score", *METRICS, *WHOLE_TRACK, *spread, "track", "target", "protocol", "frames", "lost"]]
