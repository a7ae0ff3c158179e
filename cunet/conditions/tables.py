"""Tables of conditions: one row per condition, one column per instrument."""

from pathlib import Path

import pandas as pd

from cunet.files import intact

SCORED = "scored"  # name of the table of scored conditions; no architecture has this name


def read_conditions(path: Path) -> pd.DataFrame:
    """Read a table that the conditions stage wrote."""
    with intact(path):
        table = pd.read_csv(path, dtype=float)
        if table.empty:
            raise ValueError("no conditions")
        return table
