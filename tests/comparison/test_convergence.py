"""Which trainings converged."""

import numpy as np
import pandas as pd
import pytest

from cunet.comparison.convergence import convergence


def curves(losses: list[float]) -> pd.DataFrame:
    validation = pd.DataFrame(
        {"network": "a", "epoch": range(1, len(losses) + 1), "patches": "validation", "loss": losses}
    )
    training = validation.assign(patches="training", loss=range(len(losses), 0, -1))
    return pd.concat([training, validation.sample(frac=1, random_state=0)])


@pytest.mark.parametrize(
    ("losses", "fall", "state"),
    [
        ([4, 2, 1.5, 1.0, 1.0, 1.0, 0.99, 1.0], 0.01, "converged"),
        ([4, 2, 1.5, 1.0, 1.0, 1.0, 0.90, 1.0], 0.10, "still falling"),
        ([4, 2, 1, 1.5, 1.4, 1.3, 1.2, 1.1], 0.0, "converged"),  # its best weights are early ones, and are kept
        ([4, 2, 1, 1.5, 2, 3, 4, 5], np.nan, "diverged"),
        ([4, 2, 1, np.nan], np.nan, "diverged"),
        ([np.nan] * 8, np.nan, "diverged"),
        ([4, 2, 1], np.nan, "too short to tell"),
        ([4], np.nan, "too short to tell"),
    ],
)
def test_a_training_is_judged_by_its_validation_loss(losses: list[float], fall: float, state: str) -> None:
    (row,) = convergence(curves(losses), 0.02).itertuples(index=False)
    assert row.state == state
    assert row.fall == pytest.approx(fall, nan_ok=True)
    assert row.epochs == len(losses)
