"""The path of the condition from one instrument to another."""

import pytest

from cunet.conditions.path import ends, path
from cunet.errors import UserError
from cunet.settings.interpretation import Interpret
from tests.conftest import TRIO


def test_the_path_leads_from_one_instrument_to_the_other() -> None:
    steps = path(TRIO, "tone", "clicks", 5)
    assert list(steps) == ["0.00", "0.25", "0.50", "0.75", "1.00"]
    assert steps["0.00"] == {"clicks": 0, "noise": 0, "tone": 1}
    assert steps["0.25"] == {"clicks": 0.25, "noise": 0, "tone": 0.75}
    assert steps["1.00"] == {"clicks": 1, "noise": 0, "tone": 0}


def test_the_path_leads_from_the_first_to_the_last_instrument_unless_two_are_named() -> None:
    assert ends(TRIO, Interpret(path=None, steps=3, tracks=1)) == ("clicks", "tone")
    assert ends(TRIO, Interpret(path=["tone", "noise"], steps=3, tracks=1)) == ("tone", "noise")


@pytest.mark.parametrize("names", [["trumpet", "tone"], ["tone", "trumpet"]])
def test_an_end_that_is_no_instrument_is_refused_with_those_that_there_are(names: list[str]) -> None:
    with pytest.raises(UserError, match=r"unknown instrument trumpet; the tracks have clicks, noise, tone"):
        ends(TRIO, Interpret(path=names, steps=3, tracks=1))
