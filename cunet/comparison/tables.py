"""Scores over tracks, aggregated by protocol, and the tables of the report."""

from collections.abc import Iterator
from math import nan

import pandas as pd

from cunet.conditions.naming import BETWEEN, SINGLE
from cunet.evaluation.bss_eval import METRICS, WHOLE_TRACK
from cunet.evaluation.protocols import Protocol
from cunet.layout import STUDIED
from cunet.registry.protocols import PROTOCOLS

MEAN = "mean"
SPREAD = [f"{metric} std" for metric in METRICS]
LOW, HIGH = "SDR low", "SDR high"
METRIC_DECIMALS = 3
PERFECT = 60  # dB; anything above is a perfect estimate up to rounding
WIDEST = 10  # most targets of a group in a table or a plot; larger groups show only the mean


def summarise(scores: pd.DataFrame) -> pd.DataFrame:
    """Aggregate per-track scores: one row per architecture and target, and one for the mean of each group of targets.

    Args:
        scores: columns architecture, protocol, track, target, group, SDR, ISR, SIR, SAR, SI-SDR, SDR 2021;
            architectures and targets keep their order.

    Returns:
        columns architecture, protocol, group, target, tracks (with a score), SDR, ISR, SIR, SAR in dB: medians over
        tracks, or means, with their standard deviations in SDR std, ISR std, SIR std, SAR std. In the row of a mean,
        a deviation is over all tracks and targets. SI-SDR and SDR 2021 are always means over tracks, as in the papers
        that introduced them.
    """
    protocol = protocol_of(scores)
    tables = []
    for (name, group), own in of_groups(scores):
        groups = own[["target", *METRICS]].groupby("target", sort=False)
        by_target = (groups.mean() if protocol.mean else groups.median()).reset_index()
        by_target[WHOLE_TRACK] = own.groupby("target", sort=False)[WHOLE_TRACK].mean().to_numpy()
        by_target.insert(1, "tracks", groups["SDR"].count().to_numpy())
        tracks = own.dropna(subset=["SDR"])["track"].nunique()
        mean = pd.DataFrame(
            [{"target": mean_of(group), "tracks": tracks, **by_target[[*METRICS, *WHOLE_TRACK]].mean()}]
        )
        if protocol.mean:
            by_target[SPREAD] = groups.std(ddof=0).to_numpy()
            mean[SPREAD] = own[METRICS].std(ddof=0).to_numpy()
        table = pd.concat([by_target, mean], ignore_index=True)
        table.insert(0, "architecture", name)
        table.insert(1, "protocol", own["protocol"].iloc[0])
        table.insert(2, "group", group)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def of_groups(scores: pd.DataFrame) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    """Architecture and group of targets, with their rows."""
    for (name, group), own in scores.groupby(["architecture", "group"], sort=False):
        yield (str(name), str(group)), own


def mean_of(group: str) -> str:
    """The target name of the mean over a group; no instrument has this name.

    Examples:
        >>> mean_of("single"), mean_of("2 instruments")
        ('mean', 'mean of 2 instruments')
    """
    return MEAN if group == SINGLE else f"{MEAN} of {group}"


def title_of(group: str) -> str:
    """The title of a group of targets in the report.

    Examples:
        >>> title_of("2 instruments")
        'combinations of 2 instruments'
    """
    return {SINGLE: "single instruments", BETWEEN: "values in between"}.get(group, f"combinations of {group}")


def sdr_table(summary: pd.DataFrame, group: str) -> pd.DataFrame:
    """The SDR of one group of targets for the report: one row per architecture, with intervals where known."""
    own = summary[summary["group"] == group]
    names, targets = own["architecture"].unique(), list(own["target"].unique())
    cells = own.assign(cell=[_cell(*row) for row in own.reindex(columns=["SDR", "SDR std", LOW, HIGH]).to_numpy()])
    wide = cells.pivot(index="architecture", columns="target", values="cell")
    shown = targets if group == SINGLE or len(targets) <= WIDEST + 1 else [mean_of(group)]
    return wide.loc[names, shown].fillna("–").rename(columns={mean_of(group): MEAN}).reset_index()


def metrics_table(summary: pd.DataFrame) -> pd.DataFrame:
    """All metrics for the report, as means over single instruments: one row per architecture."""
    own = summary[summary["target"] == MEAN].set_index("architecture")[[*METRICS, *WHOLE_TRACK]]
    return own.map(lambda value: _cell(value, nan, nan, nan)).reset_index()


def over_tracks(scores: pd.DataFrame) -> str:
    """How a summary of these scores is aggregated, in words."""
    return f"{'mean' if protocol_of(scores).mean else 'median'} over tracks"


def protocol_of(scores: pd.DataFrame) -> Protocol:
    """The protocol of all the scores."""
    (name,) = scores["protocol"].unique()
    return PROTOCOLS[name]


def left_out(scores: pd.DataFrame) -> list[str]:
    """Frames and targets that could not be scored because of silence, in sentences.

    Frames are counted in the first architecture's scores of single instruments: references are the same for all.
    """
    own = scores[(scores["architecture"] == scores["architecture"].iloc[0]) & (scores["group"] == SINGLE)]
    lost = own.groupby("track")[["frames", "lost"]].max().sum()
    lines = []
    if lost["lost"]:
        lines.append(f"Frames without a score because a source is silent: {lost['lost']:.0f} of {lost['frames']:.0f}.")
    noted = scores[scores["note"] != ""].drop_duplicates(["track", "target", "note"])
    lines += [f"Not scored: {row.target} of {row.track} ({row.note})." for row in noted.itertuples()]
    return lines


def metrics(summary: pd.DataFrame, studied: str) -> dict[str, dict[str, float]]:
    """SDR for DVC, by architecture: single instruments, and the means of all groups.

    The studied architecture is always called `cunet`, so that experiments share columns.
    """
    shown = summary[(summary["group"] == SINGLE) | (summary["target"] == summary["group"].map(mean_of))]
    values: dict[str, dict[str, float]] = {}
    for architecture, target, sdr in shown.dropna(subset=["SDR"])[["architecture", "target", "SDR"]].to_numpy():
        name = STUDIED.name if architecture == studied else architecture
        values.setdefault(name, {})[target] = round(float(sdr), METRIC_DECIMALS)
    return values


def _cell(value: float, spread: float, low: float, high: float) -> str:
    if pd.isna(value):
        return "–"
    if value > PERFECT:
        return f">{PERFECT}"
    text = f"{value:.2f}" if pd.isna(spread) else f"{value:.2f} ± {spread:.2f}"
    return text + interval(low, high)


def interval(low: float, high: float) -> str:
    """An interval in brackets; empty if there is none, as for a single track.

    Examples:
        >>> f"3.21{interval(2.0, 4.444)}"
        '3.21 [2.0, 4.4]'
    """
    return "" if pd.isna(low) else f" [{low:.1f}, {high:.1f}]"
