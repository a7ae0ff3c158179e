"""The path of the condition from one instrument to another."""

from collections.abc import Sequence

import numpy as np

from cunet.conditions.naming import Conditions
from cunet.errors import UserError
from cunet.settings.interpretation import Interpret


def ends(instruments: Sequence[str], settings: Interpret) -> tuple[str, str]:
    """The instruments at the start and the end of the path.

    Raises:
        UserError: the path names an unknown instrument.
    """
    start, end = settings.path or (instruments[0], instruments[-1])
    for name in (start, end):
        if name not in instruments:
            raise UserError(f"interpret.path: unknown instrument {name}; the tracks have {', '.join(instruments)}")
    return start, end


def path(instruments: Sequence[str], start: str, end: str, steps: int) -> Conditions:
    """Conditions from `start` alone to `end` alone, named by the weight of `end`: `0.00` to `1.00`.

    Examples:
        >>> path(["bass", "vocals"], "vocals", "bass", steps=3)["0.50"]
        {'bass': 0.5, 'vocals': 0.5}
    """
    nothing = dict.fromkeys(instruments, 0.0)
    return {f"{t:.2f}": nothing | {start: 1 - t, end: t} for t in np.linspace(0, 1, steps).tolist()}
