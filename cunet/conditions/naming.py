"""Names and groups of conditions."""

from typing import TYPE_CHECKING

from cunet.errors import UserError
from cunet.names import LONGEST, normalise

if TYPE_CHECKING:  # separation needs no tables
    import pandas as pd

SINGLE = "single"
NONE, ALL = "none", "all"
BETWEEN = "in between"  # the group of conditions with levels other than one
Condition = dict[str, float]  # a weight per instrument
Conditions = dict[str, Condition]  # by name


def by_name(conditions: "pd.DataFrame") -> Conditions:
    """The rows of a table of conditions by their name.

    Raises:
        UserError: two conditions have the same name, or a name is too long for files.
    """
    rows: list[Condition] = conditions.to_dict("records")  # type: ignore[assignment]
    named = {condition_name(row): row for row in rows}
    if len(named) < len(rows):
        raise UserError(
            "two conditions have the same name, because the name of an instrument combines those of others. Rename its "
            f"files ({', '.join(conditions.columns)})."
        )
    for name in named:
        if len(name.encode()) > LONGEST:
            raise UserError(
                f"{name}: the name of this condition is too long for files (over {LONGEST} bytes). Give the "
                "instruments' files shorter names, or lower up_to in condition_sets."
            )
    return named


def condition_name(condition: Condition) -> str:
    """The name of a condition: `drums+vocals`, `0.5 drums+vocals`, `all` or `none`.

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
    """Parse weights by instrument, such as `vocals=1,drums=0.5`; an instrument without a weight has 1.

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
            raise UserError(f"{text!r}: missing or repeated instrument. Write weights as in vocals=1,drums=0.5.")
        try:
            condition[name] = float(weight or 1)
        except ValueError:
            raise UserError(f"{text!r}: {weight!r} is not a number. Write weights as in vocals=1,drums=0.5.") from None
    return condition


def condition_group(condition: Condition) -> str:
    """The group that a condition is scored in: single instruments, combinations of n, or values in between.

    Examples:
        >>> condition_group({"bass": 1.0, "drums": 0.0}), condition_group({"bass": 0.5, "drums": 1.0})
        ('single', 'in between')
    """
    weights = [weight for weight in condition.values() if weight]
    if any(weight != 1 for weight in weights):
        return BETWEEN
    return SINGLE if len(weights) == 1 else f"{len(weights)} instruments" if weights else NONE
