"""Lower and upper bounds, scored by the same code as the architectures."""

from typing import Protocol

import numpy as np

from cunet.params import Spectrogram
from cunet.preprocess.spectrogram import Mono, TrackSpectrograms, istft

EPSILON = 1e-12


def mixture(track: TrackSpectrograms, settings: Spectrogram) -> dict[str, Mono]:
    """The mixture as the estimate of every source: what doing nothing scores."""
    waveform = istft(track.mixture(), track.samples, settings)
    return dict.fromkeys(track.instruments, waveform)


def ideal_ratio_mask(track: TrackSpectrograms, settings: Spectrogram) -> dict[str, Mono]:
    """The mixture times the true share of each source's power in it.

    The ratio mask with exponent 2 of SiSEC 2018 (Stöter, Liutkus & Ito, LVA/ICA 2018, "IRM2").
    """
    powers = {instrument: np.abs(track.source(instrument)) ** 2 for instrument in track.instruments}
    total = sum(powers.values()) + EPSILON
    spectrogram = track.mixture()
    return {name: istft(power / total * spectrogram, track.samples, settings) for name, power in powers.items()}


class Bound(Protocol):
    """Estimates `(samples,)` of every source of a track, from the truth."""

    def __call__(self, track: TrackSpectrograms, settings: Spectrogram) -> dict[str, Mono]:
        """Estimate."""


BOUNDS: dict[str, Bound] = {
    "mixture": mixture,
    "ideal-ratio-mask": ideal_ratio_mask,
}
