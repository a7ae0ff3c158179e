"""The path of the condition from one instrument to another."""

from cunet.conditions.path import path
from tests.conftest import TRIO


def test_the_path_leads_from_one_instrument_to_the_other() -> None:
    steps = path(TRIO, "tone", "clicks", 5)
    assert list(steps) == ["0.00", "0.25", "0.50", "0.75", "1.00"]
    assert steps["0.00"] == {"clicks": 0, "noise": 0, "tone": 1}
    assert steps["0.25"] == {"clicks": 0.25, "noise": 0, "tone": 0.75}
    assert steps["1.00"] == {"clicks": 1, "noise": 0, "tone": 0}
