"""Conditions by name, and what each is scored among."""

import pytest

from cunet.conditions.naming import by_name, condition_group
from cunet.conditions.sets import build_conditions, single_conditions
from cunet.errors import UserError
from cunet.settings.conditions import ConditionSet

BAND = ("bass", "drums", "other", "vocals")


def test_conditions_of_one_name_are_refused() -> None:
    with pytest.raises(UserError, match=r"same name.*\(a, b, a\+b\)"):
        by_name(build_conditions(("a", "b", "a+b"), ConditionSet(up_to=2)))


def test_what_a_condition_is_scored_among() -> None:
    def group(*weights: float) -> str:
        return condition_group(dict(zip(BAND, weights, strict=True)))

    assert group(0, 1, 0, 0) == "single"
    assert group(1, 1, 0, 0) == "2 instruments"
    assert group(1, 1, 1, 1) == "4 instruments"
    assert group(1, 0.5, 0, 0) == group(0, 0.5, 0, 0) == "in between"
    assert group(0, 0, 0, 0) == "none"


def test_a_combination_that_no_file_can_be_called_after_is_refused_before_anything_is_trained() -> None:
    long = [f"{letter * 100} né" for letter in "abc"]
    assert len(by_name(single_conditions(long))) == 3
    with pytest.raises(UserError, match="more than 200 bytes: give the instruments' files shorter names"):
        by_name(build_conditions(long, ConditionSet(up_to=3)))
