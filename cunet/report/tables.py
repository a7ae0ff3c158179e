"""Tables that compare architectures, over tracks as the protocol of their scores says."""

import pandas as pd

from cunet.evaluation.protocols import METRICS, PROTOCOLS, Protocol
from cunet.report.published import SUFFIX

MEAN = "mean"
SPREAD = [f"{metric} std" for metric in METRICS]


def summarise(scores: pd.DataFrame) -> pd.DataFrame:
    """From per-track scores to a row an architecture and target, and a row `mean` over its targets.

    Args:
        scores: columns architecture, protocol, track, target, SDR, ISR, SIR, SAR; architectures keep their order.

    Returns:
        columns architecture, protocol, target, tracks (that have a score), SDR, ISR, SIR, SAR in dB: medians over
        tracks, or means, with their standard deviations in SDR std, ISR std, SIR std, SAR std. In the row `mean`
        a deviation is that over all tracks and targets.
    """
    protocol = _protocol(scores)
    tables: list[pd.DataFrame] = []
    for name in scores["architecture"].unique():
        own = scores[scores["architecture"] == name]
        groups = own[["target", *METRICS]].groupby("target")
        by_target = (groups.mean() if protocol.mean else groups.median()).reset_index()
        by_target.insert(1, "tracks", groups["SDR"].count().to_numpy())
        tracks = own.dropna(subset=["SDR"])["track"].nunique()
        mean = pd.DataFrame([{"target": MEAN, "tracks": tracks, **by_target[METRICS].mean()}])
        if protocol.mean:
            by_target[SPREAD] = groups.std(ddof=0).to_numpy()
            mean[SPREAD] = own[METRICS].std(ddof=0).to_numpy()
        table = pd.concat([by_target, mean], ignore_index=True)
        table.insert(0, "architecture", name)
        table.insert(1, "protocol", own["protocol"].iloc[0])
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def to_markdown(summary: pd.DataFrame, scores: pd.DataFrame) -> str:
    """The SDR of `summary` as a Markdown table, an architecture a row, with what was left out below it."""
    names, targets = summary["architecture"].unique(), summary["target"].unique()
    cells = summary.assign(cell=[_cell(*row) for row in summary.reindex(columns=["SDR", "SDR std"]).to_numpy()])
    wide = cells.pivot(index="architecture", columns="target", values="cell").loc[names, targets].fillna("–")
    table = wide.to_markdown(disable_numparse=True, colalign=["left", *["right"] * len(targets)])
    tracks = scores.dropna(subset=["SDR"])["track"].nunique()
    lines = [
        f"SDR in dB, {_protocol(scores).title}; {tracks} test tracks; higher is better.",
        "",
        table,
        "",
        *_left_out(scores),
    ]
    if any(name.endswith(SUFFIX) for name in names):
        lines.append("Published figures are their authors', not measured here: cunet/report/published.csv.")
    return "\n".join(lines).rstrip() + "\n"


def over_tracks(scores: pd.DataFrame) -> str:
    """What a summary of these scores holds, in words."""
    return f"{'mean' if _protocol(scores).mean else 'median'} over tracks"


def _protocol(scores: pd.DataFrame) -> Protocol:
    (name,) = scores["protocol"].unique()
    return PROTOCOLS[name]


def _cell(value: float, spread: float) -> str:
    if pd.isna(value):
        return "–"
    return f"{value:.2f}" if pd.isna(spread) else f"{value:.2f} ± {spread:.2f}"


def _left_out(scores: pd.DataFrame) -> list[str]:
    """What silence cost; the mixture's rows, since references are the same for every architecture."""
    own = scores[scores["architecture"] == scores["architecture"].iloc[0]]
    lost = own.groupby("track")[["frames", "lost"]].max().sum()
    lines = []
    if lost["lost"]:
        lines.append(f"Frames lost because a source is silent in them: {lost['lost']:.0f} of {lost['frames']:.0f}.")
    noted = scores[scores["note"] != ""].drop_duplicates(["track", "target", "note"])
    lines += [f"Not scored: {row.target} of {row.track} ({row.note})." for row in noted.itertuples()]
    return lines


def metrics(summary: pd.DataFrame, studied: str) -> dict[str, dict[str, float]]:
    """SDR for DVC: every target of the architecture under study as `cunet`, the mean of each other one.

    The name `cunet` is the same whatever `film` and `control` say, so that experiments share columns.
    """
    values: dict[str, dict[str, float]] = {}
    for name in sorted(summary["architecture"].unique(), key=lambda name: name != studied):
        own = summary[(summary["architecture"] == name) & summary["SDR"].notna()].set_index("target")["SDR"]
        if name == studied:
            values["cunet"] = {f"SDR {target}": round(float(sdr), 4) for target, sdr in own.items()}
        elif MEAN in own:
            values[name] = {f"SDR {MEAN}": round(float(own[MEAN]), 4)}
    return values
