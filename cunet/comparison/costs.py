"""Costs of each architecture."""

from pathlib import Path

import numpy as np
import pandas as pd

from cunet.train.cost import Cost
from cunet.train.history import read_history


def costs(models: dict[str, list[Path]]) -> pd.DataFrame:
    """One row per architecture: the costs counted from its layers, epochs trained, and epochs until the best weights.

    Epochs are means over networks and seeds.

    Args:
        models: folders written by training, one per seed, by architecture.
    """
    rows = []
    for name, folders in models.items():
        own = Cost.load(folders[0])
        trainings = [read_history(folder).assign(folder=number) for number, folder in enumerate(folders)]
        history = pd.concat(trainings, ignore_index=True).fillna({"validation_loss": np.inf})
        networks = history.groupby(["folder", "network"])
        best = history.loc[networks["validation_loss"].idxmin()]
        rows.append(
            {
                "architecture": name,
                "networks": own.networks,
                "weights": own.weights,
                "multiply-adds": own.multiply_adds,
                "activations": own.activations,
                "epochs": networks["epoch"].max().mean(),
                "best epoch": best["epoch"].mean(),
            }
        )
    return pd.DataFrame(rows)


def costs_table(table: pd.DataFrame) -> pd.DataFrame:
    """The same, formatted for the report."""
    return pd.DataFrame(
        {
            "architecture": table["architecture"],
            "networks": table["networks"].map(str),
            "weights, millions": (table["weights"] / 1e6).map(_figures),
            "multiply-adds per second of audio, millions": (table["multiply-adds"] / 1e6).map(_figures),
            "activations per patch, MB": (table["activations"] / 1e6).map(_figures),
            "epochs": table["epochs"].map("{:.1f}".format),
            "best epoch": table["best epoch"].map("{:.1f}".format),
        }
    )


def _figures(value: float) -> str:
    """Three significant figures, or all digits of a large number."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
