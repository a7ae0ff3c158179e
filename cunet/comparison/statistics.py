"""How sure the comparison is: bootstrap intervals, paired tests, and what another seed changes."""

import warnings
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import bootstrap, wilcoxon
from statsmodels.stats.multitest import multipletests

from cunet.comparison.tables import HIGH, LOW, mean_of, of_groups, protocol_of, summarise
from cunet.evaluation.bss_eval import METRICS, WHOLE_TRACK
from cunet.settings.comparison import Compare

KEYS = ["architecture", "protocol", "track", "target", "group"]
SEEDS, SEED_MEAN, SEED_STD = "seeds", "SDR seed mean", "SDR seed std"
BATCH = 500  # bootstrap samples that are in memory at a time
Values = npt.NDArray[np.float64]


def over_seeds(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores of every track, the mean over the seeds that a network was trained with; order is kept."""
    groups = scores.groupby(KEYS, sort=False)
    return pd.concat(
        [groups[[*METRICS, *WHOLE_TRACK]].mean(), groups[["frames", "lost", "note"]].max()], axis=1
    ).reset_index()


def seed_spread(scores: pd.DataFrame) -> pd.DataFrame:
    """What another seed changes: architecture, target, number of seeds, mean and standard deviation of the SDR."""
    summaries = pd.concat(summarise(own).assign(seed=seed) for seed, own in scores.groupby("seed"))
    groups = summaries.groupby(["architecture", "target"], sort=False)["SDR"]
    return pd.DataFrame({SEEDS: groups.size(), SEED_MEAN: groups.mean(), SEED_STD: groups.std()}).reset_index()


def intervals(scores: pd.DataFrame, settings: Compare) -> pd.DataFrame:
    """Bootstrap intervals of every SDR that `summarise` gives: architecture, target, SDR low and SDR high.

    Tracks are drawn with replacement, each with all its targets (percentile method; Efron & Tibshirani, 1993).
    """
    middle = np.nanmean if protocol_of(scores).mean else np.nanmedian
    rows = []
    for (name, group), own in of_groups(scores):
        wide = own.pivot(index="track", columns="target", values="SDR").dropna(axis="columns", how="all")
        table = wide.to_numpy(float)
        for number, target in enumerate(wide.columns):
            values = table[~np.isnan(table[:, number]), number]
            rows.append((name, target, *_interval(lambda v, axis: middle(v, axis=axis), values, settings)))

        def mean_over_targets(tracks: Values, axis: int, table: Values = table) -> Values:
            return np.asarray(np.nanmean(middle(table[tracks.astype(int)], axis=tracks.ndim - 1), axis=-1))

        with warnings.catch_warnings(category=RuntimeWarning, action="ignore"):  # a draw without a score of a target
            mean = _interval(mean_over_targets, np.arange(len(table), dtype=float), settings)
        rows.append((name, mean_of(group), *mean))
    return pd.DataFrame(rows, columns=["architecture", "target", LOW, HIGH])


def differences(scores: pd.DataFrame, names: list[str], settings: Compare) -> pd.DataFrame:
    """Paired comparisons over tracks of every two of the architectures called `names`, target by target.

    Returns:
        target, group, first, second, tracks; `difference` in dB, second less first, over tracks as the protocol says,
        with its bootstrap interval `low` and `high`; `p` of the Wilcoxon signed-rank test, two-sided, and `p_holm`
        corrected for the number of pairs; `effect`, the matched-pairs rank-biserial correlation (Kerby, 2014): 1
        where the second is better on every track, -1 where the first is.
    """
    middle = np.mean if protocol_of(scores).mean else np.median
    tables = []
    for group, target, wide in _by_target(scores[scores["architecture"].isin(names)]):
        rows = []
        for first, second in combinations([name for name in names if name in wide], 2):
            by_target = (wide[second] - wide[first]).dropna()  # of both, or a missing target would make a difference
            paired = by_target.groupby("track").mean().to_numpy(float)
            if len(paired):
                low, high = _interval(lambda v, axis: middle(v, axis=axis), paired, settings)
                rows.append((first, second, len(paired), float(middle(paired)), low, high, *_signed_rank(paired)))
        table = pd.DataFrame(rows, columns=["first", "second", "tracks", "difference", "low", "high", "p", "effect"])
        table.insert(7, "p_holm", multipletests(table["p"], method="holm")[1] if len(table) else [])
        table.insert(0, "target", target)
        table.insert(1, "group", group)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _by_target(scores: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Group, target, and SDR: a row per track and target, a column per architecture; last in a group, all targets."""
    for group, own in scores.groupby("group", sort=False):
        wide = own.pivot(index=["track", "target"], columns="architecture", values="SDR")
        for target in own["target"].unique():
            yield str(group), str(target), wide[wide.index.get_level_values("target") == target]
        yield str(group), mean_of(str(group)), wide


def _interval(statistic: Any, values: Values, settings: Compare) -> tuple[float, float]:
    if len(values) < 2:
        return np.nan, np.nan
    result = bootstrap(
        (values,),
        statistic,
        n_resamples=settings.resamples,
        batch=BATCH,
        vectorized=True,
        confidence_level=settings.confidence,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    return float(result.confidence_interval.low), float(result.confidence_interval.high)


def _signed_rank(paired: Values) -> tuple[float, float]:
    """P and effect size; no difference on any track is no evidence at all."""
    count = int(np.count_nonzero(paired))
    if not count:
        return 1.0, 0.0
    better = float(wilcoxon(paired, alternative="greater").statistic)  # the sum of ranks of positive differences
    return float(wilcoxon(paired).pvalue), 2 * better / (count * (count + 1) / 2) - 1
