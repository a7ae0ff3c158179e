"""Published figures, as rows beside ours, if data set and protocol match."""

from pathlib import Path

import pandas as pd

from cunet.conditions.naming import SINGLE

TABLE = Path(__file__).with_suffix(".csv")
TARGETS = ["bass", "drums", "other", "vocals"]
TRACKS, FRAMES = 50, 60  # test tracks of all published figures, and fewest frames of 1 s: excerpts have fewer
MARK = " (published)"


def published_rows(dataset: str, scores: pd.DataFrame) -> pd.DataFrame:
    """The rows to append to a summary of `scores`: architecture, protocol, group, target, tracks and SDR in dB.

    Empty unless data set, protocol, and number and length of the test tracks match those of the published figures.
    Some authors give only the mean over the targets.
    """
    table: pd.DataFrame = pd.read_csv(TABLE)
    (protocol,) = scores["protocol"].unique()
    table = table[(table["dataset"] == dataset) & (table["protocol"] == protocol)]
    frames = scores.groupby("track")["frames"].max()
    if len(frames) != TRACKS or frames.median() < FRAMES:
        table = table.iloc[:0]
    table["mean"] = table["mean"].fillna(table[TARGETS].mean(axis=1))
    rows: pd.DataFrame = table.melt(
        ["system", "protocol"], [*TARGETS, "mean"], var_name="target", value_name="SDR", ignore_index=False
    )
    rows = rows.dropna(subset=["SDR"]).sort_index(kind="stable")
    rows.insert(0, "architecture", rows.pop("system") + MARK)
    rows["tracks"], rows["group"] = TRACKS, SINGLE
    return rows.reset_index(drop=True)
