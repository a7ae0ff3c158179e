"""Tables of conditions, as files."""

from pathlib import Path

import numpy as np

from cunet.conditions.sets import build_conditions
from cunet.conditions.tables import read_conditions
from cunet.settings.conditions import ConditionSet


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    table = build_conditions(("007", "lead, guitar"), ConditionSet(up_to=2, levels=[0.1, 1]))
    table.to_csv(tmp_path / "set.csv", index=False)
    found = read_conditions(tmp_path / "set.csv")
    assert tuple(found.columns) == ("007", "lead, guitar")
    np.testing.assert_array_equal(found.to_numpy(), table.to_numpy())
