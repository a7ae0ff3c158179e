"""Plots of an interpretation of the control network."""

from pathlib import Path

import numpy as np
import pandas as pd
import seaborn
from matplotlib import pyplot
from sklearn.decomposition import PCA

from cunet.interpret.tables import KINDS, REQUESTED
from cunet.report.figures import save

COLOURS = {"gamma": "PuOr_r", "beta": "RdBu_r"}
QUANTILE = 0.99  # of values within the colour scale: outliers would leave the other maps pale
ROW, SMALLEST = 0.24, 0.9  # inches per condition, and per block with one value


def draw_modulations(table: pd.DataFrame, kind: str, path: Path) -> None:
    """Heat map of all gammas or all betas: one row per condition, one panel per block, one column per feature map.

    White is the neutral value, which leaves a feature map unchanged.
    """
    own, neutral = table[table["kind"] == kind], KINDS[kind]
    blocks, conditions = list(own["block"].unique()), list(own["condition"].unique())
    wide = {
        block: own[own["block"] == block].pivot(index="condition", columns="map", values="value") for block in blocks
    }
    reach = max(float((own["value"] - neutral).abs().quantile(QUANTILE)), 1e-6)
    widths = [SMALLEST * (1 + np.log2(wide[block].shape[1]) / 3) for block in blocks]
    size = (max(7.5, sum(widths) + 2.5), ROW * len(conditions) + 1.4)
    figure, panels = pyplot.subplots(
        1, len(blocks), figsize=size, width_ratios=widths, sharey=True, squeeze=False, layout="constrained"
    )
    for axes, block in zip(panels[0], blocks, strict=True):
        values = wide[block].loc[conditions]
        seaborn.heatmap(
            values,
            ax=axes,
            cmap=COLOURS[kind],
            vmin=neutral - reach,
            vmax=neutral + reach,
            annot=values.shape[1] == 1,
            fmt=".2f",
            annot_kws={"size": 7},
            cbar=False,
            xticklabels=False,
            yticklabels=True,
        )
        maps = values.shape[1]
        axes.set(title=block.replace("_", " "), xlabel="all maps" if maps == 1 else f"{maps} maps", ylabel="")
        axes.title.set_fontsize(9)
        axes.tick_params(length=0)
        axes.tick_params(axis="y", rotation=0)  # seaborn rotates them if there are few
    figure.colorbar(panels[0, -1].collections[0], ax=panels, label=kind, fraction=0.03, pad=0.01, extend="both")
    figure.suptitle(f"{kind} per condition and block of the U-Net (white: {neutral:g}, neutral)", fontsize=11)
    save(figure, path)


def draw_projection(table: pd.DataFrame, groups: dict[str, str], along: list[str], path: Path) -> None:
    """Project the conditions on the first two principal components of the space of all gammas and betas.

    Args:
        table: gammas and betas of all conditions, including those on the path.
        groups: groups of the conditions drawn as points, by name.
        along: the conditions on the path, in order, drawn as a line.
        path: file of the plot.
    """
    space = table.pivot(index="condition", columns=["kind", "block", "map"], values="value")
    components = PCA(2, svd_solver="full").fit(space.loc[list(groups)])
    places = pd.DataFrame(components.transform(space), index=space.index, columns=["x", "y"])
    figure, axes = pyplot.subplots(figsize=(8, 6), layout="constrained")
    axes.plot(*places.loc[along].to_numpy().T, "-o", color="0.7", markersize=3, linewidth=1, label="path", zorder=1)
    points = places.loc[list(groups)].assign(group=list(groups.values()))
    seaborn.scatterplot(points, x="x", y="y", hue="group", style="group", s=70, palette="colorblind", ax=axes, zorder=2)
    for name, place in points.iterrows():
        axes.annotate(str(name), (place["x"], place["y"]), (5, 4), textcoords="offset points", fontsize=8)
    shares = components.explained_variance_ratio_
    axes.set(
        xlabel=f"first principal component ({shares[0]:.0%} of the variance)",
        ylabel=f"second principal component ({shares[1]:.0%})",
        title="Conditions in the space of gammas and betas",
    )
    axes.margins(0.12)
    axes.grid(alpha=0.3)
    axes.legend(title="", frameon=False)
    save(figure, path)


def draw_path(scores: pd.DataFrame, start: str, end: str, tracks: int, path: Path) -> None:
    """Plot the SDR of the estimates on the path from one instrument to another, against every instrument."""
    figure, axes = pyplot.subplots(figsize=(8, 4.8), layout="constrained")
    instruments = [target for target in scores["target"].unique() if target != REQUESTED]
    for target, colour in zip(instruments, seaborn.color_palette("colorblind", len(instruments)), strict=True):
        own = scores[scores["target"] == target]
        width = 2 if target in (start, end) else 1
        axes.plot(own["estimate"].astype(float), own["SDR"], "-o", label=target, color=colour, lw=width, markersize=4)
    asked = scores[scores["target"] == REQUESTED]
    axes.plot(asked["estimate"].astype(float), asked["SDR"], "--", label=REQUESTED, color="0.2")
    axes.set(
        xlabel=f"condition: from {start} alone (0) to {end} alone (1)",
        ylabel="SDR (dB)",
        title=f"Path from {start} to {end}: SDR against every instrument ({tracks} test tracks)",
    )
    axes.grid(alpha=0.3)
    lines = axes.get_lines()
    labels = [str(line.get_label()) for line in lines]  # matplotlib would omit labels that begin with _
    axes.legend(lines, labels, title="SDR against", frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    save(figure, path)
