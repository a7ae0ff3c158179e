"""Plot of the study: SDR over the training budget."""

from pathlib import Path

import numpy as np
import pandas as pd
import seaborn
from matplotlib import pyplot

from cunet.comparison.tables import HIGH, LOW, MEAN
from cunet.report.figures import save
from cunet.variant import DEDICATED


def draw_budgets(summaries: dict[int, pd.DataFrame], names: list[str], instruments: int, path: Path) -> None:
    """Plot the mean SDR with its interval over songs, against the patches per network, and per architecture.

    Args:
        summaries: architecture, target, SDR and its interval, by patches per network.
        names: names of architectures.
        instruments: number of dedicated networks.
        path: file of the plot.
    """
    table = pd.concat(own[own["target"] == MEAN].assign(patches=patches) for patches, own in summaries.items())
    colours = seaborn.color_palette("colorblind", len(names))
    figure, panels = pyplot.subplots(1, 2, figsize=(10, 4.2), sharey=True, layout="constrained")
    for axes, total in zip(panels, (False, True), strict=True):
        for number, (name, colour) in enumerate(zip(names, colours, strict=True)):
            own = table[table["architecture"] == name]
            budgets = own["patches"] * (instruments if total and name == DEDICATED else 1)
            reach = np.abs(own[[LOW, HIGH]].to_numpy() - own[["SDR"]].to_numpy()).T
            beside = 1.03 ** (number - len(names) / 2)  # keeps intervals from covering each other
            style = {"fmt": "o-", "color": colour, "label": name, "capsize": 2, "markersize": 5}
            axes.errorbar(budgets * beside, own["SDR"], reach, **style)
        ticks = sorted({patches * factor for patches in summaries for factor in ((1, instruments) if total else (1,))})
        axes.set_xscale("log")
        axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
        axes.minorticks_off()
        axes.set(xlabel="patches, all networks together" if total else "patches per network")
        axes.grid(axis="y", alpha=0.3)
    panels[0].set_ylabel("mean SDR (dB); higher is better")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, ncols=len(names), loc="outside lower center", frameon=False)
    save(figure, path)
