"""Conditions: what a network is told to isolate, as a table with a row a condition and a column an instrument."""

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from pathlib import Path

import pandas as pd

from cunet.params import ConditionSet

SCORED = "scored"  # name of the table of what is scored; no architecture is called so
NONE, ALL = "none", "all"
SINGLE, BETWEEN = "single", "in between"  # groups of conditions
Condition = dict[str, float]  # a weight an instrument
Conditions = dict[str, Condition]  # by name


def build_conditions(instruments: Sequence[str], settings: ConditionSet) -> pd.DataFrame:
    """All conditions of a set: from fewer to more instruments, and within a combination by level.

    Args:
        instruments: in the order of the columns.
        settings: combinations of up to so many instruments, every one of them at each of the levels.

    Returns:
        weights in [0, 1]: the target of a row is the sum of the sources, each times its weight.
    """
    rows = list(_combinations(len(instruments), settings))
    if settings.all:
        rows.append((1.0,) * len(instruments))
    if settings.none:
        rows.append((0.0,) * len(instruments))
    return pd.DataFrame(list(dict.fromkeys(rows)), columns=list(instruments))


def single_conditions(instruments: Sequence[str]) -> pd.DataFrame:
    """Each instrument by itself."""
    return build_conditions(instruments, ConditionSet(up_to=1))


def scored_conditions(instruments: Sequence[str], settings: ConditionSet) -> pd.DataFrame:
    """What is scored: the instruments by themselves, then the rest of a set."""
    both = [single_conditions(instruments), build_conditions(instruments, settings)]
    return pd.concat(both).drop_duplicates(ignore_index=True)


def condition_name(condition: Condition) -> str:
    """A condition for people: `drums+vocals`, `0.5 drums+vocals`, `all` or `none`."""
    weights = {instrument: weight for instrument, weight in condition.items() if weight}
    if not weights:
        return NONE
    if len(weights) == len(condition) > 2 and set(weights.values()) == {1}:
        return ALL
    return "+".join(name if weight == 1 else f"{weight:g} {name}" for name, weight in weights.items())


def condition_group(condition: Condition) -> str:
    """What a condition is scored among: single instruments, combinations of as many, or values in between."""
    weights = [weight for weight in condition.values() if weight]
    if any(weight != 1 for weight in weights):
        return BETWEEN
    return SINGLE if len(weights) == 1 else f"{len(weights)} instruments" if weights else NONE


def by_name(conditions: pd.DataFrame) -> Conditions:
    """The rows of a table by the name of their condition."""
    rows: list[Condition] = conditions.to_dict("records")  # type: ignore[assignment]
    return {condition_name(row): row for row in rows}


def instruments_of(conditions: pd.DataFrame) -> tuple[str, ...]:
    """The instruments that a table of conditions speaks of, in order."""
    return tuple(conditions.columns)


def read_conditions(path: Path) -> pd.DataFrame:
    """Read a table that the conditions stage wrote."""
    return pd.read_csv(path, dtype=float)


def _combinations(instruments: int, settings: ConditionSet) -> Iterator[tuple[float, ...]]:
    for size in range(1, min(settings.up_to, instruments) + 1):
        for chosen in combinations(range(instruments), size):
            for levels in product(sorted(settings.levels, reverse=True), repeat=size):
                weights = [0.0] * instruments
                for place, level in zip(chosen, levels, strict=True):
                    weights[place] = level
                yield tuple(weights)
