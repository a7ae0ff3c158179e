"""Convergence of each training: whether it diverged, or its validation loss was still falling."""

import numpy as np
import pandas as pd

CONVERGED, FALLING, DIVERGED, SHORT = "converged", "still falling", "diverged", "too short to tell"
FEWEST = 4  # epochs; fewer have no last quarter


def convergence(curves: pd.DataFrame, share: float) -> pd.DataFrame:
    """One row per network: epochs, lowest validation loss, its `fall` in the last quarter of the epochs, and a state.

    A training diverged if a loss is not finite, or if its last training loss is above its first. It was still falling
    if the last quarter of the epochs lowered the lowest validation loss by more than `share`; the loss that the
    network would have reached is then unknown.

    Args:
        curves: network, epoch, patches and loss: one row per network, epoch and kind of patches.
        share: fraction of the validation loss.
    """
    rows = []
    for network, own in curves.sort_values("epoch", kind="stable").groupby("network", sort=False):
        training, losses = (own[own["patches"] == kind]["loss"].to_numpy(float) for kind in ("training", "validation"))
        lowest, fall = float(np.min(losses, initial=np.inf, where=np.isfinite(losses))), np.nan
        if not np.isfinite([training, losses]).all() or training[-1] > training[0]:
            state = DIVERGED
        elif len(losses) < FEWEST:
            state = SHORT
        else:
            fall = 1 - lowest / losses[: len(losses) * 3 // 4].min()
            state = FALLING if fall > share else CONVERGED
        rows.append((network, len(losses), lowest, fall, state))
    return pd.DataFrame(rows, columns=["network", "epochs", "validation loss", "fall", "state"])
