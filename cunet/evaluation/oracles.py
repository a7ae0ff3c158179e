"""Lower and upper bounds, scored by the same code as the architectures."""

from collections.abc import Callable

import numpy as np

from cunet.evaluation.masks import Mask
from cunet.preprocess.spectrogram import TrackSpectrograms

EPSILON = 1e-12


def mixture(track: TrackSpectrograms) -> dict[str, Mask]:
    """The mixture as the estimate of every source, at the model's rate: what doing nothing scores."""
    return dict.fromkeys(track.instruments, np.ones((track.bins, track.frames), np.float32))


def ideal_ratio_mask(track: TrackSpectrograms) -> dict[str, Mask]:
    """The true share of each source's power in the mixture.

    The ratio mask with exponent 2 of SiSEC 2018 (Stöter, Liutkus & Ito, LVA/ICA 2018, "IRM2").
    """
    powers = {instrument: np.abs(track.source(instrument)) ** 2 for instrument in track.instruments}
    total = sum(powers.values()) + EPSILON
    return {name: (power / total).astype(np.float32) for name, power in powers.items()}


# Masks `(bins, frames)` of every source of a track, from the truth.
BOUNDS: dict[str, Callable[[TrackSpectrograms], dict[str, Mask]]] = {
    "mixture": mixture,
    "ideal-ratio-mask": ideal_ratio_mask,
}
