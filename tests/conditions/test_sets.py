"""Condition sets: which conditions there are."""

import numpy as np
import pytest

from cunet.conditions.naming import by_name
from cunet.conditions.sets import build_conditions, scored_conditions, single_conditions
from cunet.errors import UserError
from cunet.settings.conditions import ConditionSet

BAND = ("bass", "drums", "other", "vocals")


def names(instruments: tuple[str, ...], **settings: object) -> list[str]:
    return list(by_name(build_conditions(instruments, ConditionSet.model_validate(settings))))


def test_combinations_of_up_to_so_many_instruments() -> None:
    assert names(BAND, up_to=1) == list(BAND)
    pairs = ["bass+drums", "bass+other", "bass+vocals", "drums+other", "drums+vocals", "other+vocals"]
    assert names(BAND, up_to=2) == [*BAND, *pairs]
    assert len(names(BAND, up_to=3)) == 4 + 6 + 4
    assert names(BAND, up_to=9) == names(BAND, up_to=4)
    assert names(BAND, up_to=4)[-1] == "all"


def test_all_and_none_are_there_when_asked_for_and_once() -> None:
    assert names(BAND, up_to=1, all=True, none=True) == [*BAND, "all", "none"]
    assert names(BAND, up_to=4, all=True).count("all") == 1


def test_every_instrument_of_a_combination_is_at_every_level() -> None:
    assert names(("a", "b"), up_to=1, levels=[0.5, 1]) == ["a", "0.5 a", "b", "0.5 b"]
    assert names(("a", "b"), up_to=2, levels=[0.25, 1])[4:] == ["a+b", "a+0.25 b", "0.25 a+b", "0.25 a+0.25 b"]
    weights = build_conditions(BAND, ConditionSet(up_to=3, levels=[0.3, 0.4, 1.0])).to_numpy()
    assert weights.min() == 0
    assert weights.max() == 1  # steps of 0.3 and 0.4 led to 1.2 in the original code
    assert len(weights) == 4 * 3 + 6 * 9 + 4 * 27


@pytest.mark.parametrize("instruments", [("solo",), ("a", "b"), tuple("abcdefgh")])
def test_any_number_of_instruments(instruments: tuple[str, ...]) -> None:
    table = build_conditions(instruments, ConditionSet(up_to=2, all=True, none=True))
    assert tuple(table.columns) == instruments
    count = len(instruments)
    expected = count + count * (count - 1) // 2 + (count > 2) + 1
    assert len(table) == len(table.drop_duplicates()) == len(by_name(table)) == expected
    np.testing.assert_array_equal(single_conditions(instruments).to_numpy(), np.eye(count))


def test_single_instruments_are_always_scored_and_first() -> None:
    between = ConditionSet(up_to=1, levels=[0.5])
    assert list(by_name(scored_conditions(("a", "b"), between))) == ["a", "b", "0.5 a", "0.5 b"]
    silence = ConditionSet(up_to=1, none=True)
    assert list(by_name(scored_conditions(("a", "b"), silence))) == ["a", "b"]  # it has no score


def test_far_too_many_conditions_are_refused_before_they_are_made() -> None:
    with pytest.raises(UserError, match=r"up_to 10 of 10 instruments at 4 level\(s\) makes 9765624 conditions"):
        build_conditions(tuple("abcdefghij"), ConditionSet(up_to=10, levels=[0.25, 0.5, 0.75, 1]))
