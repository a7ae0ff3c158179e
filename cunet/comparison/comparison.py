"""The whole comparison, as tables."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cunet.comparison.convergence import convergence
from cunet.comparison.costs import costs
from cunet.comparison.published import published_rows
from cunet.comparison.statistics import differences, intervals, over_seeds, seed_spread
from cunet.comparison.tables import metrics, summarise
from cunet.evaluation.evaluate import read_scores
from cunet.layout import check_architecture
from cunet.params import Params
from cunet.train.history import read_history

METRICS = "sdr"  # folder of the metrics of DVC
Folders = dict[str, list[Path]]


@dataclass(frozen=True)
class Comparison:
    """The results of a run.

    Attributes:
        params: of the run.
        by_seed: scores per track and seed.
        scores: scores per track, as means over seeds.
        measured: one row per architecture and target, with intervals and the spread over seeds.
        summary: the same, with published figures.
        differences: paired comparisons of all pairs of architectures.
        costs: costs of each architecture.
        training: losses of all networks: one row per network, epoch, and kind of patches.
        convergence: state of convergence of all networks.
    """

    params: Params
    by_seed: pd.DataFrame
    scores: pd.DataFrame
    measured: pd.DataFrame
    summary: pd.DataFrame
    differences: pd.DataFrame
    costs: pd.DataFrame
    training: pd.DataFrame
    convergence: pd.DataFrame

    def write(self, folder: Path) -> None:
        """Write sdr, sdr_by_track, differences, costs, training and convergence as CSV, and SDR as JSON for DVC."""
        tables = {
            "sdr": self.summary,
            "sdr_by_track": self.by_seed,
            "differences": self.differences,
            "costs": self.costs,
            "training": self.training,
            "convergence": self.convergence,
        }
        for name, table in tables.items():
            table.to_csv(folder / f"{name}.csv", index=False, float_format="%.6g")
        (folder / METRICS).mkdir()
        for name, values in metrics(self.measured, self.params.architecture).items():
            (folder / METRICS / f"{name}.json").write_text(json.dumps(values, indent=2) + "\n")


def compare(results: Folders, models: Folders, params: Params) -> Comparison:
    """Compare the scores of architectures and bounds.

    Args:
        results: folders written by `evaluate`, one per seed, by architecture or bound, from the lower bound to the
            upper.
        models: folders written by training, one per seed, by architecture.
        params: parameters of the run.

    Raises:
        UserError: a folder has the scores of another architecture.
    """
    by_seed = pd.concat(
        _scores(folder, name).assign(seed=seed)
        for name, folders in results.items()
        for seed, folder in zip(params.seeds, folders, strict=False)  # a bound has one folder
    )
    scores, settings = over_seeds(by_seed), params.compare
    keys = ["architecture", "target"]
    measured = summarise(scores).merge(intervals(scores, settings), "left", keys)
    measured = measured.merge(seed_spread(by_seed), "left", keys)
    shown = settings.published and not params.merged  # there are no published scores of merged instruments
    published = published_rows(" + ".join(params.datasets), scores) if shown else None
    curves = _curves(models)
    return Comparison(
        params=params,
        by_seed=by_seed,
        scores=scores,
        measured=measured,
        summary=measured if published is None else pd.concat([measured, published], ignore_index=True),
        differences=differences(by_seed, list(models), settings),
        costs=costs(models),
        training=curves,
        convergence=convergence(curves, settings.still_falling),
    )


def _scores(folder: Path, name: str) -> pd.DataFrame:
    scores = read_scores(folder)
    check_architecture(folder, str(scores["architecture"].iloc[0]), name)
    return scores


def _curves(models: Folders) -> pd.DataFrame:
    """Losses of all networks: one row per network, epoch, and kind of patches."""
    histories = []
    for name, folders in models.items():
        for folder in folders:
            history = read_history(folder)
            own = [network if network == name else f"{name}: {network}" for network in history["network"]]
            seed = "" if len(folders) == 1 else f", seed {folder.name}"
            histories.append(history.assign(network=[f"{network}{seed}" for network in own]))
    curves = pd.concat(histories).rename(columns={"train_loss": "training", "validation_loss": "validation"})
    return curves.melt(["network", "epoch"], ["training", "validation"], var_name="patches", value_name="loss")
