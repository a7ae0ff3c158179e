"""Files of a training beside the weights: its curves, and what it depended on."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from cunet.files import intact

HISTORY, PROVENANCE = "history.csv", "training.json"
NEEDED = {"epoch", "network", "validation_loss"}
CURVES = ["train_loss", "validation_loss", "learning_rate"]
Row = dict[str, float]


def write_history(histories: dict[str, list[Row]], provenance: dict[str, Any], folder: Path) -> None:
    """Write the histories of all networks, and what the training depended on, to the folder of the model."""
    table = pd.concat([pd.DataFrame(rows).assign(network=name) for name, rows in histories.items()])
    table.astype({"epoch": int}).to_csv(folder / HISTORY, index=False)
    (folder / PROVENANCE).write_text(json.dumps(provenance, indent=2) + "\n")


def read_history(model: Path) -> pd.DataFrame:
    """The curves: epoch, train_loss, validation_loss, learning_rate, network."""
    path = model / HISTORY
    with intact(path):
        types = {"epoch": int, "network": str} | dict.fromkeys(CURVES, float)
        nothing = {curve: [""] for curve in CURVES}  # of a training that diverged
        history = pd.read_csv(path, dtype=types, keep_default_na=False, na_values=nothing)
        if not set(history.columns) >= NEEDED:
            raise ValueError("columns are missing")
        return history


def read_provenance(model: Path) -> dict[str, Any]:
    """What the training depended on, by dotted name, including its architecture."""
    path = model / PROVENANCE
    with intact(path):
        provenance: dict[str, Any] = json.loads(path.read_text())
        if "architecture" not in provenance:
            raise ValueError("it does not name an architecture")
    return provenance
