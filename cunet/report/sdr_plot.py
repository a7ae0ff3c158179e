"""Plot of the SDR over tracks."""

from pathlib import Path

import numpy as np
import pandas as pd
import seaborn
from matplotlib import pyplot
from matplotlib.axes import Axes

from cunet.comparison.tables import HIGH, LOW, MEAN, PERFECT, WIDEST, mean_of, over_tracks, title_of
from cunet.conditions.naming import SINGLE
from cunet.report.figures import save

WIDTH = 0.8  # of all architectures together, as a fraction of the distance between targets


def draw_sdr(scores: pd.DataFrame, summary: pd.DataFrame, confidence: float, path: Path) -> None:
    """Plot the SDR of every target, with its interval and one dot per track; one panel per group of targets.

    Perfect estimates are omitted, such as the mixture as the estimate of all instruments together.
    """
    scores, summary = (table[table["SDR"] <= PERFECT] for table in (scores, summary))
    targets = {group: summary[summary["group"] == group]["target"].nunique() for group in summary["group"].unique()}
    groups = [group for group, count in targets.items() if group == SINGLE or count <= WIDEST + 1]
    names = list(summary["architecture"].unique())
    widest = max(targets[group] for group in groups)
    size = (max(8, 0.24 * widest * (len(names) + 1)), 3.6 * len(groups) + 0.8)
    figure, panels = pyplot.subplots(len(groups), 1, figsize=size, squeeze=False, layout="constrained")
    for axes, group in zip(panels[:, 0], groups, strict=True):
        _draw_group(axes, scores[scores["group"] == group], summary[summary["group"] == group], names)
        axes.set_title(title_of(group), fontsize=10)
    (protocol,) = scores["protocol"].unique()
    figure.suptitle(
        f"SDR ({protocol} protocol): {over_tracks(scores)} with {confidence:.0%} interval; one dot per track",
        fontsize=11,
    )
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, ncols=min(len(names), 6), loc="outside lower center", frameon=False)
    save(figure, path)


def _draw_group(axes: Axes, scores: pd.DataFrame, summary: pd.DataFrame, names: list[str]) -> None:
    targets = list(summary["target"].unique())
    offsets = WIDTH * (np.arange(len(names)) - (len(names) - 1) / 2) / len(names)
    for name, offset, colour in zip(names, offsets, seaborn.color_palette("colorblind", len(names)), strict=True):
        tracks = scores[(scores["architecture"] == name) & scores["target"].isin(targets)].dropna(subset=["SDR"])
        places = [targets.index(target) + offset for target in tracks["target"]]
        axes.scatter(places, tracks["SDR"], s=7, color=colour, alpha=0.35, linewidths=0)
        own = summary[summary["architecture"] == name].set_index("target").reindex(targets)
        reach = np.abs(own[[LOW, HIGH]].to_numpy() - own[["SDR"]].to_numpy()).T
        places = np.arange(len(targets)) + offset
        axes.errorbar(places, own["SDR"], reach, color=colour, label=name, fmt="o", markersize=5, capsize=2)
    labels = [MEAN if target == mean_of(summary["group"].iloc[0]) else target for target in targets]
    axes.set_xticks(range(len(targets)), labels)
    axes.set(ylabel="SDR (dB); higher is better", xlim=(-0.5, len(targets) - 0.5))
    for place in range(1, len(targets)):
        axes.axvline(place - 0.5, color="0.9", linewidth=1, zorder=0)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
