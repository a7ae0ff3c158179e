"""Tables of conditions: a row per condition, a column per instrument."""

from pathlib import Path

import pandas as pd

SCORED = "scored"  # name of the table of what is scored; no architecture is called so


def read_conditions(path: Path) -> pd.DataFrame:
    """Read a table that the conditions stage wrote."""
    return pd.read_csv(path, dtype=float)
