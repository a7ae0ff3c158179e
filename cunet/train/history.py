"""Files of a training beside the weights: its curves, and what it depended on."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

HISTORY, PROVENANCE = "history.csv", "training.json"
Row = dict[str, float]


def write_history(histories: dict[str, list[Row]], provenance: dict[str, Any], folder: Path) -> None:
    """Write the histories of all networks, and what the training depended on, to the folder of the model."""
    table = pd.concat([pd.DataFrame(rows).assign(network=name) for name, rows in histories.items()])
    table.astype({"epoch": int}).to_csv(folder / HISTORY, index=False)
    (folder / PROVENANCE).write_text(json.dumps(provenance, indent=2) + "\n")


def read_history(model: Path) -> pd.DataFrame:
    """The curves: epoch, train_loss, validation_loss, learning_rate, network."""
    return pd.read_csv(model / HISTORY, dtype={"network": str}, keep_default_na=False)


def read_provenance(model: Path) -> dict[str, Any]:
    """What the training depended on, by dotted name, including its architecture."""
    provenance: dict[str, Any] = json.loads((model / PROVENANCE).read_text())
    return provenance
