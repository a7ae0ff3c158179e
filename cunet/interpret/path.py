"""The path of the condition from one instrument to another."""

from collections.abc import Sequence

import numpy as np

from cunet.errors import UserError
from cunet.evaluation.masks import Mask
from cunet.evaluation.targets import Conditions
from cunet.params import Interpret, Spectrogram


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
    """Conditions from `start` alone to `end` alone, by the weight of `end`: `0.00` to `1.00`."""
    nothing = dict.fromkeys(instruments, 0.0)
    return {f"{t:.2f}": nothing | {start: 1 - t, end: t} for t in np.linspace(0, 1, steps).tolist()}


def glide(masks: Sequence[Mask], seconds: float, settings: Spectrogram) -> Mask:
    """One mask that goes through all the masks `(bins, frames)`, from first to last, in the middle `seconds`."""
    stack = np.stack(masks)
    frames = stack.shape[2]
    length = min(frames, seconds * settings.sample_rate / settings.hop)
    time = np.clip((np.arange(frames) - (frames - length) / 2) / length, 0, 1)
    place = time * (len(masks) - 1)
    lower = np.minimum(place.astype(int), len(masks) - 2)
    share = (place - lower).astype(np.float32)
    columns = np.arange(frames)
    earlier, later = (stack[number, :, columns].T for number in (lower, lower + 1))
    mask: Mask = (1 - share) * earlier + share * later
    return mask
