"""Sound on the path of the condition from one instrument to another."""

from collections.abc import Sequence

import numpy as np

from cunet.masking.masks import Mask
from cunet.settings.spectrogram import Spectrogram


def glide(masks: Sequence[Mask], seconds: float, settings: Spectrogram) -> Mask:
    """One mask that interpolates from the first to the last of the masks `(bins, frames)` in the middle `seconds`.

    Examples:
        >>> settings = Spectrogram(sample_rate=8192, window=1024, hop=512)
        >>> first, last = (np.full((1, 5), value, np.float32) for value in (0, 1))
        >>> glide([first, last], seconds=5 * 512 / 8192, settings=settings)[0].tolist()  # doctest: +ELLIPSIS
        [0.0, 0.2..., 0.4..., 0.6..., 0.8...]
    """
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
