"""The path of the condition from one instrument to another."""

from collections.abc import Sequence

import numpy as np

from cunet.conditions.naming import Conditions
from cunet.errors import UserError
from cunet.settings.interpretation import Interpret


def ends(instruments: Sequence[str], settings: Interpret) -> tuple[str, str]:
    """The two instruments that the path leads from and to.

    Raises:
        UserError: the path names an instrument that there is not.
    """
    start, end = settings.path or (instruments[0], instruments[-1])
    for name in (start, end):
        if name not in instruments:
            raise UserError(f"interpret.path: no instrument is called {name}; there are {', '.join(instruments)}")
    return start, end


def path(instruments: Sequence[str], start: str, end: str, steps: int) -> Conditions:
    """Conditions from `start` alone to `end` alone, by the weight of `end`: `0.00` to `1.00`.

    Examples:
        >>> path(["bass", "vocals"], "vocals", "bass", steps=3)["0.50"]
        {'bass': 0.5, 'vocals': 0.5}
    """
    nothing = dict.fromkeys(instruments, 0.0)
    return {f"{t:.2f}": nothing | {start: 1 - t, end: t} for t in np.linspace(0, 1, steps).tolist()}
