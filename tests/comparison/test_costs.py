"""Costs beside the scores."""

from pathlib import Path

import pandas as pd
import pytest

from cunet.comparison.costs import costs, costs_table
from cunet.train.cost import Cost


def model(folder: Path, losses: dict[str, list[float]]) -> Path:
    """The folder of a training as far as costs look at it."""
    folder.mkdir()
    Cost(networks=len(losses), weights=3_200_000, multiply_adds=1_234_000_000, activations=5_600_000).save(folder)
    histories = [
        pd.DataFrame({"epoch": range(1, len(own) + 1), "validation_loss": own, "network": network})
        for network, own in losses.items()
    ]
    pd.concat(histories).to_csv(folder / "history.csv", index=False)
    return folder


def test_epochs_are_means_over_networks_and_seeds_of_any_length(tmp_path: Path) -> None:
    first = model(tmp_path / "0", {"a": [5, 3, 1, 2], "b": [5, 4, 3, 2]})
    second = model(tmp_path / "1", {"a": [1, 2], "b": [3, 2]})
    (row,) = costs({"unet": [first, second]}).to_dict("records")
    assert row["epochs"] == 3
    assert row["best epoch"] == (3 + 4 + 1 + 2) / 4
    assert (row["networks"], row["weights"]) == (2, 3_200_000)


def test_a_training_that_diverged_is_told_and_no_crash(tmp_path: Path) -> None:
    diverged = model(tmp_path / "0", {"a": [float("nan")] * 3})
    table = costs_table(costs({"unet": [diverged]}))
    assert table.iloc[0].tolist() == ["unet", "1", "3.2", "1,234", "5.6", "3.0", "1.0"]


@pytest.mark.parametrize("weights", [9_800_000, 12_345])
def test_small_networks_have_figures_too(tmp_path: Path, weights: int) -> None:
    folder = model(tmp_path / "0", {"a": [1.0]})
    Cost(1, weights, 10**6, 10**3).save(folder)
    shown = costs_table(costs({"unet": [folder]})).iloc[0].tolist()
    assert "0" not in shown
    assert "0.00" not in shown
