"""Plot of the training curves."""

from math import ceil
from pathlib import Path

import pandas as pd
from matplotlib import pyplot
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from cunet.report.figures import save

SEED = r", seed \d+$"  # suffix of a network's name if there are several seeds
COLOURS = {"training": "0.6", "validation": "C0"}
COLUMNS = 4


def draw_training(curves: pd.DataFrame, path: Path) -> None:
    """Plot losses over epochs: one panel per network, one line per seed.

    Args:
        curves: network, epoch, patches (training or validation), loss.
        path: file of the plot.
    """
    panels_of = dict(list(curves.groupby(curves["network"].str.replace(SEED, "", regex=True), sort=False)))
    rows, columns = ceil(len(panels_of) / COLUMNS), min(COLUMNS, len(panels_of))
    size = (max(6, 2.8 * columns), 2.5 * rows + 0.5)
    figure, panels = pyplot.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    for axes in panels.flat[len(panels_of) :]:
        axes.axis("off")
    for axes, (title, own) in zip(panels.flat, panels_of.items(), strict=False):
        marker = "." if own["epoch"].max() == 1 else None  # a line of one point is invisible
        for (_, patches), line in own.groupby(["network", "patches"]):
            axes.plot(line["epoch"], line["loss"], color=COLOURS[str(patches)], linewidth=1.2, marker=marker)
        axes.set_title(title, fontsize=9)
        axes.ticklabel_format(axis="y", scilimits=(0, 0))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
    for axes in panels[:, 0]:
        axes.set_ylabel("loss")
    for axes in panels.flat[max(0, len(panels_of) - columns) : len(panels_of)]:
        axes.set_xlabel("epoch")
    lines = [Line2D([], [], color=colour, label=name) for name, colour in COLOURS.items()]
    figure.legend(handles=lines, ncols=2, loc="outside lower center", frameon=False)
    save(figure, path)
