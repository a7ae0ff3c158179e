"""The conditions of a set, as a table."""

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from math import comb

import pandas as pd

from cunet.errors import UserError
from cunet.settings.conditions import ConditionSet

MOST = 1000  # conditions of a set; more cannot be learned, scored or displayed


def build_conditions(instruments: Sequence[str], settings: ConditionSet) -> pd.DataFrame:
    """All conditions of a set: from fewer to more instruments, and within a combination by level.

    Args:
        instruments: in the order of the columns.
        settings: number of instruments in a combination, and the levels of each.

    Returns:
        weights in [0, 1]: the target of a row is the weighted sum of the sources.

    Raises:
        UserError: there are too many.

    Examples:
        >>> build_conditions(["bass", "vocals"], ConditionSet(up_to=2, levels=[0.5, 1]))
           bass  vocals
        0   1.0     0.0
        1   0.5     0.0
        2   0.0     1.0
        3   0.0     0.5
        4   1.0     1.0
        5   1.0     0.5
        6   0.5     1.0
        7   0.5     0.5
    """
    sizes = range(1, min(settings.up_to, len(instruments)) + 1)
    count = sum(comb(len(instruments), size) * len(settings.levels) ** size for size in sizes)
    if count > MOST:
        raise UserError(
            f"condition_sets: up_to {settings.up_to} of {len(instruments)} instruments at {len(settings.levels)} "
            f"level(s) makes {count} conditions; {MOST} is the most. Lower up_to, or give fewer levels."
        )
    rows = [row for size in sizes for row in _combinations(len(instruments), size, settings.levels)]
    if settings.all:
        rows.append((1.0,) * len(instruments))
    if settings.none:
        rows.append((0.0,) * len(instruments))
    return pd.DataFrame(list(dict.fromkeys(rows)), columns=list(instruments))


def single_conditions(instruments: Sequence[str]) -> pd.DataFrame:
    """Each instrument alone."""
    return build_conditions(instruments, ConditionSet(up_to=1))


def scored_conditions(instruments: Sequence[str], settings: ConditionSet) -> pd.DataFrame:
    """The scored conditions: the single instruments, then the rest of a set, without silence, which has no score."""
    both = pd.concat([single_conditions(instruments), build_conditions(instruments, settings)])
    return both[both.any(axis=1)].drop_duplicates(ignore_index=True)


def _combinations(instruments: int, size: int, levels: Sequence[float]) -> Iterator[tuple[float, ...]]:
    for chosen in combinations(range(instruments), size):
        for weights in product(sorted(levels, reverse=True), repeat=size):
            row = dict(zip(chosen, weights, strict=True))
            yield tuple(row.get(place, 0.0) for place in range(instruments))
