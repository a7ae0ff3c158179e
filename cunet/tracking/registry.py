"""MLflow's model registry: the best of what was compared, under an alias."""

from pathlib import Path

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Run

from cunet.errors import UserError
from cunet.evaluation.evaluate import SCORES, read_scores
from cunet.package.card import model_card
from cunet.preprocess.conditions import SINGLE
from cunet.report.tables import MEAN, protocol_of, summarise
from cunet.tracking.models import SERVED
from cunet.tracking.store import MODEL_TAG, SCORES_TAG, connect, digest, find

REGISTERED = "conditioned-u-net"


def register(models: Path, results: Path, architectures: list[str], alias: str) -> str:
    """Register the model with the best mean SDR of single instruments as a version of `conditioned-u-net`.

    Args:
        models: what the trainings wrote.
        results: what `evaluate` wrote, in folders of the same names.
        architectures: that are candidates.
        alias: moves to the new version; the model that has it already is not registered again.

    Returns:
        the address to load the model from.

    Raises:
        UserError: no candidate was scored, or MLflow does not have the best one.
    """
    connect()
    model, scores = _best(models, results, architectures)
    summary = summarise(scores).set_index("target")["SDR"]
    runs = find({MODEL_TAG: digest(model), SCORES_TAG: digest(results / model.relative_to(models))})
    if not runs:
        raise UserError(f"MLflow has no run of {model}: run cunet log, and then the same command again")
    client, address = MlflowClient(), f"models:/{REGISTERED}@{alias}"
    if _registered(client, alias) == digest(model):
        return address
    described = {
        MODEL_TAG: digest(model),
        "architecture": scores["architecture"].iloc[0],
        "mean SDR": f"{summary[MEAN]:.2f}",
        "protocol": protocol_of(scores).title,
    }
    version = mlflow.register_model(_served(client, runs[0]), REGISTERED, tags=described)
    card = model_card(model, results / model.relative_to(models)).split("---\n", 2)[-1]  # without what machines read
    client.update_model_version(REGISTERED, version.version, card)
    client.set_registered_model_alias(REGISTERED, alias, version.version)
    return address


def _served(client: MlflowClient, run: Run) -> str:
    """Address of what is served, of the models that a run logged."""
    outputs = run.outputs.model_outputs if run.outputs else []
    logged = [client.get_logged_model(output.model_id) for output in outputs]
    return next(f"models:/{model.model_id}" for model in logged if model.name == SERVED)


def _registered(client: MlflowClient, alias: str) -> str | None:
    """The digest of the model that has the alias."""
    for model in client.search_registered_models(f"name = '{REGISTERED}'"):
        if alias in model.aliases:
            return client.get_model_version_by_alias(REGISTERED, alias).tags.get(MODEL_TAG)
    return None


def _best(models: Path, results: Path, architectures: list[str]) -> tuple[Path, pd.DataFrame]:
    """The folder of the best model, and its scores."""
    found: dict[Path, pd.DataFrame] = {}
    for path in sorted(results.glob(f"**/{SCORES}")):
        model, scores = models / path.parent.relative_to(results), read_scores(path.parent)
        if model.is_dir() and scores["architecture"].iloc[0] in architectures:
            found[model] = scores
    if not found:
        raise UserError(f"{results}: holds no scores of {', '.join(architectures)}: run dvc repro first")
    best = max(found, key=lambda model: _mean(found[model]))
    return best, found[best]


def _mean(scores: pd.DataFrame) -> float:
    summary = summarise(scores[scores["group"] == SINGLE])
    return float(summary.set_index("target")["SDR"][MEAN])
