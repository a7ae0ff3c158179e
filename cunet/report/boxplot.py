"""SDR over tracks as a picture."""

from pathlib import Path

import pandas as pd
import seaborn
from matplotlib import pyplot

from cunet.evaluation.pictures import SAVE


def draw_sdr(scores: pd.DataFrame, path: Path) -> None:
    """Box plot of SDR over tracks: a group of boxes a target, a colour an architecture, a dot a track."""
    targets, names = sorted(scores["target"].unique()), list(scores["architecture"].unique())
    (protocol,) = scores["protocol"].unique()
    scored = scores.dropna(subset=["SDR"])
    style = {"x": "target", "y": "SDR", "hue": "architecture", "order": targets, "hue_order": names}
    figure, axes = pyplot.subplots(figsize=(max(7, 0.45 * len(targets) * (len(names) + 1)), 5), layout="constrained")
    palette = seaborn.color_palette("colorblind", len(names))
    seaborn.boxplot(scored, **style, palette=palette, fliersize=0, linewidth=1, ax=axes)
    seaborn.stripplot(
        scored, **style, dodge=True, jitter=False, size=3, palette=["0.2"] * len(names), legend=False, ax=axes
    )
    axes.set(xlabel="", ylabel="SDR (dB), higher is better", title=f"SDR over test tracks, {protocol} (dots: tracks)")
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    axes.legend(title="", ncols=len(names), loc="upper center", bbox_to_anchor=(0.5, -0.07), frameon=False)
    figure.savefig(path, **SAVE)
    pyplot.close(figure)
