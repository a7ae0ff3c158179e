"""The model card: description, training data, scores and limits of a model."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from cunet.comparison.tables import mean_of, protocol_of, sdr_table, summarise, title_of
from cunet.conditions.naming import SINGLE, condition_name
from cunet.datasets.dataset import Dataset
from cunet.evaluation.evaluate import SCORES, read_scores
from cunet.models.architecture import Architecture
from cunet.registry.datasets import DATASETS
from cunet.train.cost import Cost
from cunet.train.history import read_provenance

CARD = "README.md"
MANY = 12  # conditions that are listed; more are counted


def model_card(model: Path, results: Path | None, commit: str = "", library: str = "keras") -> str:
    """The model card of a trained architecture, in Markdown.

    Args:
        model: folder written by training.
        results: its folder written by `evaluate`, if it was scored.
        commit: commit that the training started from, if known.
        library: that loads the networks.
    """
    architecture, training = Architecture.load(model), read_provenance(model)
    datasets = [dataset for name in training["dataset"].split(" + ") if (dataset := DATASETS.get(name))]
    environment = Environment(
        loader=PackageLoader("cunet.export", "."), undefined=StrictUndefined, keep_trailing_newline=True
    )
    limits = [*_limits(architecture, training), *_limits_of(datasets)]
    return environment.get_template("card.md").render(
        name=architecture.name,
        library=library,
        architecture=architecture,
        spectrogram=architecture.spectrogram,
        instruments=", ".join(architecture.instruments),
        conditions=_conditions(architecture),
        condition_input=", and a condition, one weight in [0, 1] per instrument" if architecture.conditioned else "",
        networks=_networks(Cost.load(model)),
        training=training,
        epochs=_epochs(architecture, training),
        data="; ".join(dataset.description for dataset in datasets) or training["dataset"],
        merged="".join(f"; {name} counts as {other}" for name, other in _merged(training).items()),
        commit=commit or "unknown",
        limits=limits,
        **_scores(architecture, results),
    )


def _merged(training: dict[str, Any]) -> dict[str, str]:
    """Merged instruments and the instrument that each counts as, from names such as `merge.bass`."""
    return {name.removeprefix("merge."): other for name, other in training.items() if name.startswith("merge.")}


def _limits_of(datasets: list[Dataset]) -> list[str]:
    """Limits of the joined data sets; none if one of them has none, since it makes up for the others."""
    return list(dict.fromkeys(dataset.limits for dataset in datasets)) if all(d.limits for d in datasets) else []


def _epochs(architecture: Architecture, training: dict[str, Any]) -> int:
    """Maximum number of epochs; older models have one number for both kinds of network."""
    kind = "conditioned" if architecture.conditioned else "dedicated"
    return int(training.get(f"train.epochs.{kind}") or training["train.epochs"])


def _networks(cost: Cost) -> str:
    count = "One network" if cost.networks == 1 else f"{cost.networks} networks"
    return f"{count}, {cost.weights / 1e6:.2f} million weights in total."


def _conditions(architecture: Architecture) -> str:
    names = [
        condition_name(dict(zip(architecture.instruments, weights, strict=True))) for weights in architecture.conditions
    ]
    shown = ", ".join(names[:MANY])
    return shown if len(names) <= MANY else f"{shown}, … ({len(names)} in total)"


def _limits(architecture: Architecture, training: dict[str, Any]) -> list[str]:
    band = architecture.spectrogram.sample_rate // 2
    limits = [
        f"Above {band} Hz, estimates are silent or have a share of the unprocessed mixture.",
        "Estimates have the phase of the mixture, and all channels share one mask, computed from their mean.",
        f"Sounds of instruments other than {', '.join(architecture.instruments)} end up in any of the estimates.",
    ]
    if architecture.conditioned:
        share = training["train.progressive"]
        scaled = f", scaled by a random factor in {share:.0%} of the patches" if share else ""
        limits.append(f"The model was trained only on the conditions above{scaled}; others are untested.")
    return limits


def _scores(architecture: Architecture, results: Path | None) -> dict[str, Any]:
    """A headline with the expected quality, and tables of the SDR of every group of targets."""
    band = architecture.spectrogram.sample_rate // 2
    heard = f"The model separates {', '.join(architecture.instruments)}, and only up to {band} Hz."
    if results is None or not (results / SCORES).is_file():
        return {"headline": f"Not scored. {heard}", "scores": None, "tracks": 0, "protocol": ""}
    scores = read_scores(results)
    summary, tracks = summarise(scores), scores.dropna(subset=["SDR"])["track"].nunique()
    (mean,) = summary[summary["target"] == mean_of(SINGLE)]["SDR"]
    texts = []
    for group in summary["group"].unique():
        table = sdr_table(summary, group).drop(columns="architecture")
        texts.append(f"{title_of(group).capitalize()}:\n\n{table.to_markdown(index=False, disable_numparse=True)}")
    return {
        "headline": f"Mean SDR: {mean:.1f} dB on {tracks} test tracks, none of which it was trained on. {heard}",
        "scores": "\n\n".join(texts),
        "tracks": tracks,
        "protocol": protocol_of(scores).title,
    }
