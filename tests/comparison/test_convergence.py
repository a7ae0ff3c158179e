"""Which trainings converged."""

import numpy as np
import pandas as pd
import pytest

from cunet.comparison.convergence import convergence


def curves(validation: list[float], training: list[float] | None = None) -> pd.DataFrame:
    """Losses of a network, in another order than that of the epochs."""
    falling = [float(len(validation) - epoch) for epoch in range(len(validation))]
    tables = [
        pd.DataFrame({"network": "a", "epoch": range(1, len(losses) + 1), "patches": patches, "loss": losses})
        for patches, losses in (("training", training or falling), ("validation", validation))
    ]
    return pd.concat(tables).sample(frac=1, random_state=0)


def judged(table: pd.DataFrame) -> tuple[str, float, int]:
    (row,) = convergence(table, 0.02).to_dict("records")
    return row["state"], row["fall"], row["epochs"]


@pytest.mark.parametrize(
    ("losses", "fall", "state"),
    [
        ([4, 2, 1.5, 1.0, 1.0, 1.0, 0.99, 1.0], 0.01, "converged"),
        ([4, 2, 1.5, 1.0, 1.0, 1.0, 0.90, 1.0], 0.10, "still falling"),
        ([4, 2, 1, 1.5, 2, 3, 4, 5], 0.0, "converged"),  # it overfits, and the best weights are kept
        ([4, 2, 1], np.nan, "too short to tell"),
        ([4], np.nan, "too short to tell"),
    ],
)
def test_a_training_is_judged_by_its_validation_loss(losses: list[float], fall: float, state: str) -> None:
    found = judged(curves(losses))
    assert (found[0], found[2]) == (state, len(losses))
    assert found[1] == pytest.approx(fall, nan_ok=True)


@pytest.mark.parametrize(
    ("validation", "training"),
    [([4.0, 3, 2, 1], [1.0, 2, 3, 4]), ([4.0, 3, 2, np.nan], [4.0, 3, 2, 1]), ([np.nan] * 4, [np.nan] * 4)],
)
def test_a_training_diverges_by_its_training_loss_or_what_is_not_finite(
    validation: list[float], training: list[float]
) -> None:
    assert judged(curves(validation, training))[0] == "diverged"
