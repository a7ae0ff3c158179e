"""Masks for a track from the networks of an architecture."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cunet.conditions.naming import Condition, Conditions
from cunet.errors import UserError
from cunet.masking.masks import EPSILON, Mask, share_out
from cunet.masking.saved import Network, load_networks
from cunet.settings.evaluation import Consistency
from cunet.signals.arrays import Complex

if TYPE_CHECKING:  # songs need no HDF5
    from cunet.preprocess.spectrogram import TrackSpectrograms

BATCH = 16


class Separator:
    """A trained architecture that computes masks.

    Args:
        model: folder written by training.
        overlap: overlap of patches, in [0, 1).
    """

    def __init__(self, model: Path, overlap: float) -> None:
        self.architecture, self.networks = load_networks(model)
        self._seconds, self._frames = 0.0, 0
        self.step = max(1, round(self.architecture.frames * (1 - overlap)))

    def masks(self, track: "TrackSpectrograms", conditions: Conditions, consistency: Consistency) -> dict[str, Mask]:
        """Masks `(bins, frames)` by condition, for a track of the data set."""
        return self.masks_of(track.mixture(), track.peak, conditions, consistency)

    def masks_of(
        self, mixture: Complex, peak: float, conditions: Conditions, consistency: Consistency
    ) -> dict[str, Mask]:
        """Masks `(bins, frames)` by condition, for a mixture `(bins, frames)` with this peak.

        With consistency `none`, a conditioned network takes the condition itself. Otherwise, masks of single
        instruments are summed with the weights of the condition: each dedicated network isolates one instrument, and
        `ratio` scales masks of instruments.

        Args:
            mixture: complex spectrogram.
            peak: largest magnitude of the whole mixture.
            conditions: conditions by name.
            consistency: as `evaluate.consistency` in `params.yaml`.
        """
        architecture = self.architecture
        if architecture.conditioned and consistency == "none":
            network = self.networks[architecture.name]
            return {name: self.mask(network, mixture, peak, condition) for name, condition in conditions.items()}
        asked = {name for condition in conditions.values() for name, weight in condition.items() if weight}
        needed = [name for name in architecture.instruments if name in asked or consistency != "none"]
        masks = {name: self._mask_of_instrument(name, mixture, peak) for name in needed}
        if consistency == "ratio":
            masks = share_out(masks)
        return {name: _weighted(masks, condition, mixture.shape) for name, condition in conditions.items()}

    def _mask_of_instrument(self, instrument: str, mixture: Complex, peak: float) -> Mask:
        if not self.architecture.conditioned:
            return self.mask(self.networks[instrument], mixture, peak)
        condition = {name: float(name == instrument) for name in self.architecture.instruments}
        return self.mask(self.networks[self.architecture.name], mixture, peak, condition)

    @property
    def seconds_per_minute(self) -> float | None:
        """Mean seconds per network's mask of one minute; None before the first mask."""
        minutes = self._frames * self.architecture.spectrogram.hop / self.architecture.spectrogram.sample_rate / 60
        return self._seconds / minutes if minutes else None

    def mask(self, network: Network, mixture: Complex, peak: float, condition: Condition | None = None) -> Mask:
        """Mask of one network: the weighted mean over the patches that overlap in a frame.

        The highest bin, which the networks do not process, gets the mask of its neighbour.
        """
        begin = time.perf_counter()
        bins, length = self.architecture.bins, self.architecture.frames
        frames = mixture.shape[1]
        starts = range(0, max(1, frames - length + self.step), self.step)
        magnitude: Mask = (np.abs(mixture[:bins]) / peak).astype(np.float32)
        padded = np.pad(magnitude, ((0, 0), (0, starts[-1] + length - frames)))
        total, weights = np.zeros_like(padded), np.zeros(padded.shape[1], np.float32)
        window = np.bartlett(length + 2)[1:-1].astype(np.float32)
        for start, mask in zip(starts, self._masks_of_patches(network, padded, starts, condition), strict=True):
            total[:, start : start + length] += window * mask
            weights[start : start + length] += window
        assert (weights > 0).all()
        if not np.isfinite(total).all():
            raise UserError(f"{self.architecture.name}: the network returns NaN or infinite values. Train it again.")
        whole: Mask = np.pad((total / weights)[:, :frames], ((0, len(mixture) - bins), (0, 0)), mode="edge")
        self._seconds, self._frames = self._seconds + time.perf_counter() - begin, self._frames + frames
        return whole

    def _masks_of_patches(
        self, network: Network, magnitude: Mask, starts: Sequence[int], condition: Condition | None
    ) -> list[Mask]:
        masks: list[Mask] = []
        for first in range(0, len(starts), BATCH):
            batch = starts[first : first + BATCH]
            # Full batches, except for short tracks: every new size would compile the network again.
            patches = np.zeros((min(BATCH, len(starts)), len(magnitude), self.architecture.frames, 1), np.float32)
            for patch, start in zip(patches, batch, strict=False):
                patch[..., 0] = magnitude[:, start : start + self.architecture.frames]
            inputs = patches if condition is None else [patches, self._repeat(condition, len(patches))]
            estimate = network.predict_on_batch(inputs)
            masks.extend(np.asarray(estimate / np.maximum(patches, EPSILON))[: len(batch), ..., 0])
        return masks

    def _repeat(self, condition: Condition, times: int) -> npt.NDArray[np.float32]:
        vector = [condition[instrument] for instrument in self.architecture.instruments]
        return np.tile(np.array(vector, np.float32), (times, 1))


def _weighted(masks: dict[str, Mask], condition: Condition, shape: tuple[int, ...]) -> Mask:
    total = np.zeros(shape, np.float32)
    for name, weight in condition.items():
        if weight:
            total += np.float32(weight) * masks[name]
    return total
