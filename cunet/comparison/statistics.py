"""Uncertainty of the comparison: bootstrap intervals, paired tests, and the spread over seeds."""

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
BATCH = 500  # bootstrap samples in memory at a time
Values = npt.NDArray[np.float64]


def over_seeds(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores per track, as means over the training seeds; order is kept."""
    groups = scores.groupby(KEYS, sort=False)
    return pd.concat(
        [groups[[*METRICS, *WHOLE_TRACK]].mean(), groups[["frames", "lost", "note"]].max()], axis=1
    ).reset_index()


def seed_spread(scores: pd.DataFrame) -> pd.DataFrame:
    """Spread over seeds: architecture, target, number of seeds, mean and standard deviation of the SDR."""
    summaries = pd.concat(summarise(own).assign(seed=seed) for seed, own in scores.groupby("seed"))
    groups = summaries.groupby(["architecture", "target"], sort=False)["SDR"]
    return pd.DataFrame({SEEDS: groups.size(), SEED_MEAN: groups.mean(), SEED_STD: groups.std()}).reset_index()


def intervals(scores: pd.DataFrame, settings: Compare) -> pd.DataFrame:
    """Bootstrap intervals of every SDR from `summarise`: architecture, target, SDR low and SDR high.

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

        with warnings.catch_warnings(
            category=RuntimeWarning, action="ignore"
        ):  # a draw may lack all scores of a target
            mean = _interval(mean_over_targets, np.arange(len(table), dtype=float), settings)
        rows.append((name, mean_of(group), *mean))
    return pd.DataFrame(rows, columns=["architecture", "target", LOW, HIGH])


def differences(scores: pd.DataFrame, names: list[str], settings: Compare) -> pd.DataFrame:
    """Paired comparisons over tracks of all pairs of the architectures called `names`, target by target.

    Args:
        scores: scores per track and seed.
        names: names of architectures.
        settings: confidence, number of samples, and the margin of equivalence.

    Returns:
        target, group, first, second, tracks; `difference` in dB, second minus first, the median or mean over tracks
        as in the protocol, with its interval `low` and `high` from a hierarchical bootstrap, which draws tracks and
        the seeds of each architecture with replacement (Davison & Hinkley, 1997, section 3.8); `p` of the two-sided
        Wilcoxon signed-rank test of means over seeds, and `p_holm` corrected for the number of pairs; `p_equivalent`
        of two one-sided tests (Schuirmann, 1987) that the difference lies within plus or minus `settings.margin`,
        from the same bootstrap, and missing with a single seed, which has no spread; `effect`, the matched-pairs
        rank-biserial correlation (Kerby, 2014): 1 if the second is better on every track, -1 if the first is.
    """
    middle = np.mean if protocol_of(scores).mean else np.median
    tables = []
    for group, target, wide in _by_target(scores[scores["architecture"].isin(names)]):
        rows = []
        for first, second in combinations([name for name in names if name in wide], 2):
            one, other = _paired(wide.loc[:, [first]], wide.loc[:, [second]])
            if len(one):
                paired = other.mean(axis=1) - one.mean(axis=1)
                drawn = _hierarchical(one, other, middle, settings.resamples)
                interval = _quantiles(drawn, settings.confidence)
                several = min(one.shape[1], other.shape[1]) > 1
                equivalent = _equivalence(drawn, settings.margin) if several else np.nan
                p, effect = _signed_rank(paired)
                rows.append((first, second, len(paired), float(middle(paired)), *interval, p, equivalent, effect))
        columns = ["first", "second", "tracks", "difference", "low", "high", "p", "p_equivalent", "effect"]
        table = pd.DataFrame(rows, columns=columns)
        table.insert(7, "p_holm", multipletests(table["p"], method="holm")[1] if len(table) else [])
        table.insert(0, "target", target)
        table.insert(1, "group", group)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _by_target(scores: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Group, target, and SDR: rows by track and target, columns by architecture and seed; last, all targets."""
    for group, own in scores.groupby("group", sort=False):
        wide = own.pivot(index=["track", "target"], columns=["architecture", "seed"], values="SDR")
        for target in own["target"].unique():
            yield str(group), str(target), wide[wide.index.get_level_values("target") == target]
        yield str(group), mean_of(str(group)), wide


def _paired(first: pd.DataFrame, second: pd.DataFrame) -> tuple[Values, Values]:
    """Means over targets `(tracks, seeds)` of two architectures.

    A target of a track without any score of one architecture is dropped for both, or it would bias the difference; a
    score that only some seeds lack is the mean over the other seeds.
    """
    first, second = (table.T.fillna(table.mean(axis=1)).T for table in (first, second))
    known = first.notna().all(axis=1) & second.notna().all(axis=1)
    one, other = (table[known].groupby("track").mean().to_numpy(float) for table in (first, second))
    return one, other


def _hierarchical(one: Values, other: Values, middle: Any, resamples: int) -> Values:
    """Bootstrap samples of the difference between `(tracks, seeds)`; none for a single track.

    Means over drawn seeds scatter less than means over new seeds would, by a factor of sqrt(1 - 1 / seeds). This is
    corrected (Davison & Hinkley, 1997, section 2.4).
    """
    tracks = len(one)
    if tracks < 2:
        return np.array([])
    rng = np.random.default_rng(0)
    drawn = rng.integers(tracks, size=(resamples, tracks))

    def means(values: Values) -> Values:
        """Means over drawn seeds, for the drawn tracks."""
        seeds = values.shape[1]
        if seeds > 1:
            centre = values.mean(axis=1, keepdims=True)
            values = centre + (values - centre) * np.sqrt(seeds / (seeds - 1))
        counts = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=resamples)
        return np.take_along_axis(counts @ values.T / seeds, drawn, axis=1)

    return np.asarray(middle(means(other) - means(one), axis=1))


def _quantiles(drawn: Values, confidence: float) -> tuple[float, float]:
    if not len(drawn):
        return np.nan, np.nan
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _equivalence(drawn: Values, margin: float) -> float:
    """The larger p of the two one-sided tests, each the proportion of samples beyond one end of the margin."""
    if not len(drawn):
        return np.nan
    return float(1 + max((drawn <= -margin).sum(), (drawn >= margin).sum())) / (1 + len(drawn))


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
    """P value and effect size; without a difference on any track, there is no evidence."""
    count = int(np.count_nonzero(paired))
    if not count:
        return 1.0, 0.0
    better = float(wilcoxon(paired, alternative="greater").statistic)  # the sum of ranks of positive differences
    return float(wilcoxon(paired).pvalue), 2 * better / (count * (count + 1) / 2) - 1
