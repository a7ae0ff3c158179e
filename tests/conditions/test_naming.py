"""Conditions by name, and what each is scored among."""

import unicodedata

import pytest

from cunet.conditions.naming import by_name, condition_group, condition_name, parse_condition
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
    with pytest.raises(UserError, match=r"over 200 bytes\)\. Give the instruments' files shorter names"):
        by_name(build_conditions(long, ConditionSet(up_to=3)))


@pytest.mark.parametrize(
    ("weights", "name"),
    [
        ((0, 1, 0, 0), "drums"),
        ((0, 1, 0, 1), "drums+vocals"),
        ((0.5, 1, 0, 0.25), "0.5 bass+drums+0.25 vocals"),
        ((1, 1, 1, 1), "all"),
        ((0.5, 0.5, 0.5, 0.5), "0.5 bass+0.5 drums+0.5 other+0.5 vocals"),
        ((0, 0, 0, 0), "none"),
    ],
)
def test_a_condition_is_called_after_what_it_asks_for(weights: tuple[float, ...], name: str) -> None:
    assert condition_name(dict(zip(BAND, weights, strict=True))) == name


def test_two_instruments_together_are_called_by_their_names() -> None:
    """A dedicated word would say less than they do."""
    assert condition_name({"bass": 1, "drums": 1}) == "bass+drums"


def test_what_a_person_writes_is_read_as_weights() -> None:
    assert parse_condition("vocals") == {"vocals": 1}
    assert parse_condition(" vocals=1, lead guitar = 0.5 ,drums") == {"vocals": 1, "lead guitar": 0.5, "drums": 1}
    assert parse_condition(unicodedata.normalize("NFD", "né=0.25")) == {"né": 0.25}


@pytest.mark.parametrize("text", ["", "vocals,", "=1", "vocals=1,vocals=0.5", "vocals=loud"])
def test_what_is_no_condition_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UserError, match=r"vocals=1,drums=0\.5") as error:
        parse_condition(text)
    assert str(error.value).startswith(repr(text))
