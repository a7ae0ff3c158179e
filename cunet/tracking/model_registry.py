"""MLflow's model registry: the best of the compared models, under an alias."""

import re
import sys
from pathlib import Path

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Run

from cunet.comparison.tables import MEAN, protocol_of, summarise
from cunet.conditions.naming import SINGLE
from cunet.errors import UserError
from cunet.evaluation.evaluate import SCORES, read_scores
from cunet.export.card import model_card
from cunet.store import MODEL_TAG, SCORES_TAG, connect, find, fingerprint
from cunet.tracking.models import served_model

REGISTERED = "conditioned-u-net"
ALIAS = re.compile(r"(?!latest$|v\d+$)[A-Za-z0-9_-]+")  # allowed by MLflow


def register(candidates: dict[Path, Path], alias: str) -> str:
    """Register the model with the best mean SDR of single instruments as a version of `conditioned-u-net`.

    Args:
        candidates: folders of results by folder of the model.
        alias: alias to move to the model's version, which is created if there is none.

    Returns:
        the address for loading the model.

    Raises:
        UserError: no candidate was scored, MLflow lacks the best one, or the alias is not allowed.
    """
    if not ALIAS.fullmatch(alias):
        raise UserError(f"{alias!r}: invalid alias. Use letters, digits, - and _, but not latest, or v with a number.")
    model, scores, mean = _best(candidates)
    connect()
    found = fingerprint(model)
    runs = find({MODEL_TAG: found, SCORES_TAG: fingerprint(candidates[model])})
    if not runs:
        raise UserError(f"{model}: no run in MLflow. Run cunet log, then the same command again.")
    name = scores["architecture"].iloc[0]
    client = MlflowClient()
    versions = client.search_model_versions(f"name = '{REGISTERED}'")
    number = next((version.version for version in versions if version.tags.get(MODEL_TAG) == found), None)
    if number is None:
        protocol = protocol_of(scores).title
        tags = {MODEL_TAG: found, "architecture": name, "mean SDR": f"{mean:.2f}", "protocol": protocol}
        number = mlflow.register_model(_served(runs[0]), REGISTERED, tags=tags).version
        card = model_card(model, candidates[model], runs[0].data.tags.get("git.commit", ""))
        client.update_model_version(REGISTERED, number, card.split("---\n", 2)[-1])  # without the front matter
    client.set_registered_model_alias(REGISTERED, alias, number)
    print(f"{name}: mean SDR {mean:.2f} dB, version {number} of {REGISTERED}", file=sys.stderr)
    return f"models:/{REGISTERED}@{alias}"


def _served(run: Run) -> str:
    """Address of the served model among the models of a run."""
    model = served_model(run)
    if model is None:
        raise UserError(f"MLflow run {run.info.run_id}: has no model to serve. Delete the run, then run cunet log.")
    return f"models:/{model}"


def _best(candidates: dict[Path, Path]) -> tuple[Path, pd.DataFrame, float]:
    """The folder of the best model, its scores, and their mean."""
    scored = {
        model: read_scores(results)
        for model, results in candidates.items()
        if model.is_dir() and (results / SCORES).is_file()
    }
    means = {model: _mean(scores) for model, scores in scored.items()}
    known = {model: mean for model, mean in means.items() if not pd.isna(mean)}
    if not known:
        raise UserError(f"{', '.join(map(str, candidates))}: no scores. Run dvc repro first.")
    best = max(known, key=lambda model: known[model])
    return best, scored[best], known[best]


def _mean(scores: pd.DataFrame) -> float:
    summary = summarise(scores[scores["group"] == SINGLE])
    return float(summary.set_index("target")["SDR"][MEAN])
