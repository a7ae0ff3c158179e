"""What each architecture costs, beside its scores."""

from pathlib import Path

import pandas as pd

from cunet.models.cost import Cost
from cunet.train.history import read_history


def costs(models: dict[str, list[Path]]) -> pd.DataFrame:
    """A row an architecture: what is counted from its layers, and epochs until the best weights, the mean over seeds.

    Args:
        models: folders that the training wrote, one a seed, by architecture.
    """
    rows = []
    for name, folders in models.items():
        own = Cost.load(folders[0])
        histories = pd.concat([read_history(folder).assign(folder=number) for number, folder in enumerate(folders)])
        best = histories.loc[histories.groupby(["folder", "network"])["validation_loss"].idxmin()]
        rows.append(
            {
                "architecture": name,
                "networks": own.networks,
                "weights": own.weights,
                "multiply-adds": own.multiply_adds,
                "activations": own.activations,
                "best epoch": best["epoch"].mean(),
            }
        )
    return pd.DataFrame(rows)


def costs_table(table: pd.DataFrame) -> pd.DataFrame:
    """The same for people."""
    return pd.DataFrame(
        {
            "architecture": table["architecture"],
            "networks": table["networks"].map(str),
            "weights, millions": (table["weights"] / 1e6).map("{:.3g}".format),
            "multiply-adds a second of one target, 10⁹": (table["multiply-adds"] / 1e9).map("{:.3g}".format),
            "activations of a patch, MB": (table["activations"] / 1e6).map("{:.3g}".format),
            "best epoch": table["best epoch"].map("{:.1f}".format),
        }
    )
