"""Conditions by name, and what each is scored among."""

from typing import TYPE_CHECKING

from cunet.errors import UserError
from cunet.names import LONGEST, normalise

if TYPE_CHECKING:  # separation needs no tables
    import pandas as pd

SINGLE = "single"
NONE, ALL = "none", "all"
BETWEEN = "in between"  # the group of conditions with other levels than one
Condition = dict[str, float]  # a weight per instrument
Conditions = dict[str, Condition]  # by name


def by_name(conditions: "pd.DataFrame") -> Conditions:
    """The rows of a table of conditions by their name.

    Raises:
        UserError: two conditions have the same name, or files cannot be called after one.
    """
    rows: list[Condition] = conditions.to_dict("records")  # type: ignore[assignment]
    named = {condition_name(row): row for row in rows}
    if len(named) < len(rows):
        raise UserError(
            "two conditions have the same name, since an instrument is called like several others: rename its files "
            f"({', '.join(conditions.columns)})"
        )
    for name in named:
        if len(name.encode()) > LONGEST:
            raise UserError(
                f"{name}: files are called after this condition, and its name has more than {LONGEST} bytes: give the "
                "instruments' files shorter names, or lower up_to in condition_sets"
            )
    return named


def condition_name(condition: Condition) -> str:
    """A condition for people: `drums+vocals`, `0.5 drums+vocals`, `all` or `none`.

    Examples:
        >>> condition_name({"bass": 0.0, "drums": 0.5, "vocals": 1.0})
        '0.5 drums+vocals'
    """
    weights = {instrument: weight for instrument, weight in condition.items() if weight}
    if not weights:
        return NONE
    if len(weights) == len(condition) > 2 and set(weights.values()) == {1}:
        return ALL
    return "+".join(name if weight == 1 else f"{weight:g} {name}" for name, weight in weights.items())


def parse_condition(text: str) -> Condition:
    """What a person writes, `vocals=1,drums=0.5`, as weights by instrument; an instrument alone counts 1.

    Raises:
        UserError: it is not of this form.

    Examples:
        >>> parse_condition("vocals, drums=0.5")
        {'vocals': 1.0, 'drums': 0.5}
    """
    condition: Condition = {}
    for part in text.split(","):
        name, _, weight = (normalise(word.strip()) for word in part.partition("="))
        if not name or name in condition:
            raise UserError(f"{text!r}: name every instrument once, as in vocals=1,drums=0.5")
        try:
            condition[name] = float(weight or 1)
        except ValueError:
            raise UserError(f"{text!r}: {weight!r} is not a number; write weights as in vocals=1,drums=0.5") from None
    return condition


def condition_group(condition: Condition) -> str:
    """What a condition is scored among: single instruments, combinations of as many, or values in between.

    Examples:
        >>> condition_group({"bass": 1.0, "drums": 0.0}), condition_group({"bass": 0.5, "drums": 1.0})
        ('single', 'in between')
    """
    weights = [weight for weight in condition.values() if weight]
    if any(weight != 1 for weight in weights):
        return BETWEEN
    return SINGLE if len(weights) == 1 else f"{len(weights)} instruments" if weights else NONE
