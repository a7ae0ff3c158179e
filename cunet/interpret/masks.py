"""Masks that show the effect of the condition: along a path, of each instrument, and of the U-Net alone."""

import numpy as np

from cunet.conditions.naming import Conditions, by_name
from cunet.conditions.sets import single_conditions
from cunet.interpret.modulation import conditioned_network, neutral
from cunet.interpret.tables import NEUTRAL
from cunet.masking.masks import Mask
from cunet.masking.separator import Separator
from cunet.names import MIXTURE
from cunet.preprocess.spectrogram import TrackSpectrograms


class PathMasks:
    """Masks of a conditioned network, and of the same network with neutral gammas and betas, if it has any."""

    def __init__(self, separator: Separator) -> None:
        self._separator = separator
        self._neutral = neutral(separator.architecture, conditioned_network(separator))

    def __call__(self, track: TrackSpectrograms, steps: Conditions) -> dict[str, Mask]:
        """Masks `(bins, frames)` of every step of the path, every instrument, the mixture, and the U-Net alone."""
        instruments = self._separator.architecture.instruments
        masks = self._separator.masks(track, by_name(single_conditions(instruments)) | steps, "none")
        if self._neutral:
            nothing = dict.fromkeys(instruments, 0.0)
            masks[NEUTRAL] = self._separator.mask(self._neutral, track.mixture(), track.peak, nothing)
        return masks | {MIXTURE: np.ones(track.mixture().shape, np.float32)}
