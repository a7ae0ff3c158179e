"""How far each training came: whether it diverged, or would have gone on to improve."""

import numpy as np
import pandas as pd

CONVERGED, FALLING, DIVERGED = "converged", "still falling", "diverged"


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
        before = max(1, len(losses) * 3 // 4)
        finite = np.where(np.isfinite(losses), losses, np.inf)
        lowest, fall = finite.min(), 1 - finite.min() / finite[:before].min()
        diverged = not np.isfinite(losses[-1]) or losses[-1] > losses[0]
        state = DIVERGED if diverged else FALLING if fall > share else CONVERGED
        rows.append((network, len(losses), lowest, fall, state))
    return pd.DataFrame(rows, columns=["network", "epochs", "validation loss", "fall", "state"])
