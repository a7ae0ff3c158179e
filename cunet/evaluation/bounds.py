"""Lower and upper bounds, scored by the same code as the architectures."""

import numpy as np

from cunet.conditions.naming import Condition, Conditions
from cunet.masking.masks import GetMasks, Mask
from cunet.names import MIXTURE
from cunet.preprocess.spectrogram import TrackSpectrograms

EPSILON = 1e-12
IDEAL_RATIO_MASK = "ideal-ratio-mask"


def mixture(track: TrackSpectrograms, conditions: Conditions) -> dict[str, Mask]:
    """The mixture as the estimate of every target, at the model's rate: the score of the unprocessed input."""
    return dict.fromkeys(conditions, np.ones((track.bins, track.frames), np.float32))


def ideal_ratio_mask(track: TrackSpectrograms, conditions: Conditions) -> dict[str, Mask]:
    """The ratio of each source's true power to that of all sources, times its weight in the condition.

    The ratio mask with exponent 2 of SiSEC 2018 (Stöter, Liutkus & Ito, LVA/ICA 2018, "IRM2").
    """
    powers = {instrument: np.abs(track.source(instrument)) ** 2 for instrument in track.instruments}
    total = sum(powers.values()) + EPSILON

    def mask(condition: Condition) -> Mask:
        wanted = sum((condition[name] * power for name, power in powers.items()), np.zeros_like(total))
        return (wanted / total).astype(np.float32)

    return {name: mask(condition) for name, condition in conditions.items()}


# Masks `(bins, frames)` of every target of a track, from the true sources.
BOUNDS: dict[str, GetMasks] = {
    MIXTURE: mixture,
    IDEAL_RATIO_MASK: ideal_ratio_mask,
}
