"""The best of what was compared, under an alias."""

from pathlib import Path

import mlflow
import pytest

from cunet.errors import UserError
from cunet.store import connect, fingerprint
from cunet.tracking.model_registry import register
from tests.scored import scores_of_three_tracks


def candidate(name: str, gain: float) -> tuple[Path, Path]:
    """A model and its results, in the current folder."""
    model, results = Path("models", name), Path("results", name)
    for folder in (model, results):
        folder.mkdir(parents=True)
    (model / "weights").write_text(name)
    scores = scores_of_three_tracks().query("architecture == 'mixture'").assign(architecture=name)
    scores.assign(SDR=scores["SDR"] + gain).to_csv(results / "scores.csv", index=False)
    return model, results


@pytest.mark.parametrize("alias", ["latest", "v1", "v12", "", "a b", "a/b", "é"])
def test_an_alias_that_mlflow_does_not_allow_is_refused_before_anything_is_done(alias: str) -> None:
    with pytest.raises(UserError, match="invalid alias"):
        register({}, alias)


def test_what_was_not_scored_is_no_candidate(mlflow_store: Path) -> None:
    model, results = candidate("unet", 1)
    (results / "scores.csv").unlink()
    with pytest.raises(UserError, match=r"models/unet, models/gone: no scores\. Run dvc repro first"):
        register({model: results, Path("models/gone"): Path("results/gone")}, "best")


def test_the_best_by_mean_sdr_must_be_in_the_store_with_a_model_to_serve(mlflow_store: Path) -> None:
    candidates = dict([candidate("unet", 1), candidate("complex-dense", 3), candidate("simple-dense", 2)])
    with pytest.raises(UserError, match=r"models/complex-dense: no run in MLflow\. Run cunet log"):
        register(candidates, "best")
    connect()
    best = Path("models/complex-dense")
    with mlflow.start_run() as run:
        mlflow.set_tags({"cunet.model": fingerprint(best), "cunet.scores": fingerprint(candidates[best])})
    with pytest.raises(UserError, match=f"run {run.info.run_id}: has no model to serve"):
        register(candidates, "best")
