"""Masks of a track from the networks of an architecture."""

from pathlib import Path

import numpy as np

from cunet.evaluation.masks import Mask
from cunet.models.architecture import load_networks
from cunet.preprocess.spectrogram import Complex, TrackSpectrograms

BATCH = 16
EPSILON = 1e-12


class Separator:
    """A trained architecture, read from the folder that the training wrote."""

    def __init__(self, model: Path, overlap: float) -> None:
        self.architecture, self._networks = load_networks(model)
        self._step = max(1, round(self.architecture.frames * (1 - overlap)))

    def masks(self, track: TrackSpectrograms) -> dict[str, Mask]:
        """Masks `(bins, frames)` of every instrument."""
        mixture = track.mixture()
        return {target: self._mask(mixture, track.peak, target) for target in self.architecture.instruments}

    def _mask(self, mixture: Complex, peak: float, target: str) -> Mask:
        """Mask of an instrument: the weighted mean over the patches that overlap in a frame.

        The one bin above those that the networks see gets the mask of its neighbour.
        """
        bins, length = self.architecture.bins, self.architecture.frames
        frames = mixture.shape[1]
        starts = range(0, max(1, frames - length + self._step), self._step)
        magnitude: Mask = (np.abs(mixture[:bins]) / peak).astype(np.float32)
        padded = np.pad(magnitude, ((0, 0), (0, starts[-1] + length - frames)))
        total, weights = np.zeros_like(padded), np.zeros(padded.shape[1], np.float32)
        window = np.bartlett(length + 2)[1:-1].astype(np.float32)
        for start, mask in zip(starts, self._masks_of_patches(padded, list(starts), target), strict=True):
            total[:, start : start + length] += window * mask
            weights[start : start + length] += window
        assert (weights > 0).all()
        return np.pad((total / weights)[:, :frames], ((0, len(mixture) - bins), (0, 0)), mode="edge")

    def _masks_of_patches(self, magnitude: Mask, starts: list[int], target: str) -> list[Mask]:
        architecture = self.architecture
        network = self._networks[architecture.network_for(target)]
        condition = np.array([instrument == target for instrument in architecture.instruments], np.float32)
        masks: list[Mask] = []
        for first in range(0, len(starts), BATCH):
            patches = np.stack([magnitude[:, s : s + architecture.frames, None] for s in starts[first : first + BATCH]])
            conditions = np.tile(condition, (len(patches), 1))
            estimate = network.predict_on_batch([patches, conditions] if architecture.conditioned else patches)
            masks.extend(np.asarray(estimate / np.maximum(patches, EPSILON))[..., 0])
        return masks
