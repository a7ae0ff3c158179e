"""Index tables of patches: track and first frame."""

from pathlib import Path

import pandas as pd

from cunet.files import intact

TRAINING, VALIDATION = "training.csv", "validation.csv"


def read_index(path: Path) -> pd.DataFrame:
    """Read a table of the indexes stage; the name of a track may look like a number."""
    with intact(path):
        return pd.read_csv(path, dtype={"track": str, "frame": int}, keep_default_na=False)[["track", "frame"]]
