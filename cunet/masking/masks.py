"""Masks, and their application to a mixture."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cunet.conditions.naming import Conditions
from cunet.settings.spectrogram import Spectrogram
from cunet.signals.arrays import Waveform
from cunet.signals.stft import istft, stft

if TYPE_CHECKING:  # songs need no HDF5
    from cunet.preprocess.spectrogram import TrackSpectrograms

Mask = npt.NDArray[np.float32]  # (bins, frames)
EPSILON = 1e-12
# A function that returns the masks of a track by the name of the condition, for an architecture or a bound.
GetMasks = Callable[["TrackSpectrograms", Conditions], dict[str, Mask]]


def share_out(masks: dict[str, Mask]) -> dict[str, Mask]:
    """Scale the masks `(bins, frames)` of all sources to sum to one: the estimates then sum to the mixture.

    Where all masks are zero, all sources get equal masks.

    Examples:
        >>> masks = {"bass": np.full((2, 3), 0.6, np.float32), "drums": np.full((2, 3), 0.2, np.float32)}
        >>> {name: float(mask[0, 0].round(3)) for name, mask in share_out(masks).items()}
        {'bass': 0.75, 'drums': 0.25}
    """
    total = sum(masks.values()) + np.float32(EPSILON)
    return {name: (mask + np.float32(EPSILON / len(masks))) / total for name, mask in masks.items()}


def apply_masks(masks: dict[str, Mask], mixture: Waveform, settings: Spectrogram) -> dict[str, Waveform]:
    """Estimates `(samples, channels)` of every source: mask times complex mixture, so the phase is the mixture's.

    Args:
        masks: `(bins, frames)` by source, applied to every channel.
        mixture: `(samples, channels)` at the sample rate of `settings`.
        settings: settings of the masks' spectrogram.

    Examples:
        >>> from cunet.signals.stft import stft
        >>> settings = Spectrogram(sample_rate=8192, window=1024, hop=768)
        >>> mixture = np.random.default_rng(0).normal(size=(8192, 2)).astype(np.float32)
        >>> half = np.full(stft(mixture[:, 0], settings).shape, 0.5, np.float32)
        >>> bool(np.allclose(apply_masks({"half": half}, mixture, settings)["half"], mixture / 2, atol=1e-5))
        True
    """
    samples = len(mixture)
    spectrograms = [stft(channel, settings) for channel in mixture.T]
    return {
        name: np.stack([istft(mask * spectrogram, samples, settings) for spectrogram in spectrograms], axis=1)
        for name, mask in masks.items()
    }
