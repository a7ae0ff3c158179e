"""How far each training came: whether it diverged, or would have gone on to improve."""

import numpy as np
import pandas as pd

CONVERGED, FALLING, DIVERGED, SHORT = "converged", "still falling", "diverged", "too short to tell"
FEWEST = 4  # epochs, of which there is a last quarter


def convergence(curves: pd.DataFrame, share: float) -> pd.DataFrame:
    """A row per network: epochs, the lowest validation loss, its `fall` in the last quarter of the epochs, and a state.

    A training diverged if its last validation loss is not finite, or above its first. It was still falling if the
    lowest validation loss is lower by more than `share` than the lowest before the last quarter of the epochs; what the
    network would have reached is then not known.

    Args:
        curves: network, epoch, patches, and loss, a row per network, epoch and kind of patches.
        share: of the validation loss.
    """
    rows = []
    validation = curves[curves["patches"] == "validation"]
    for network, own in validation.groupby("network", sort=False):
        losses = own.sort_values("epoch")["loss"].to_numpy(float)
        lowest = float(np.nanmin(losses)) if np.isfinite(losses).any() else np.nan
        fall = np.nan
        if not np.isfinite(losses[-1]) or losses[-1] > losses[0]:
            state = DIVERGED
        elif len(losses) < FEWEST:
            state = SHORT
        else:
            fall = 1 - lowest / float(np.nanmin(losses[: len(losses) * 3 // 4]))
            state = FALLING if fall > share else CONVERGED
        rows.append((network, len(losses), lowest, fall, state))
    return pd.DataFrame(rows, columns=["network", "epochs", "validation loss", "fall", "state"])
