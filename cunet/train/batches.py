"""Batches of patches for any Keras backend: NumPy arrays, read from HDF5 on demand."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import pandas as pd

from cunet.files import allow_open_files
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.settings.training import Train
from cunet.signals.arrays import Complex

Magnitudes = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.intp]
Batch = tuple[Magnitudes | tuple[Magnitudes, Magnitudes], Magnitudes]

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
READERS = min(8, CORES)  # reading threads; on 16 cores, 16 were slower than 8, because of the interpreter's lock
AHEAD = 2 * READERS  # batches read ahead of the training


@dataclass(frozen=True)
class Share:
    """Frames of a source `(frames, bins)`, and their weight in a sum."""

    frames: Complex
    weight: float


@dataclass(frozen=True)
class Patch:
    """A mixture and its sources, one per instrument; the weights divide them by the peak."""

    mixture: Share
    sources: tuple[Share, ...]


class PatchReader:
    """Every patch of an index table with every condition: one row each, the conditions of a patch in sequence.

    Magnitudes are divided by the peak of their track's mixture. The target is the sum of the sources, weighted by the
    condition. Its last axis depends on the loss: magnitudes or, with `complex_targets`, real and imaginary parts,
    and cosine and sine of the mixture's phase.

    Several threads can read at once: files are mapped into memory without locks, and NumPy releases the interpreter's
    lock while it computes.
    """

    def __init__(
        self,
        index: pd.DataFrame,
        conditions: pd.DataFrame,
        spectrograms: Path,
        bins: int,
        frames: int,
        complex_targets: bool = False,
    ) -> None:
        self._instruments = tuple(conditions.columns)
        self._conditions = conditions.to_numpy(np.float32)
        names = index["track"].unique()
        allow_open_files(len(names))
        self._tracks = [TrackSpectrograms(spectrograms / f"{name}.h5") for name in names]
        number = {track.name: n for n, track in enumerate(self._tracks)}
        self._track = index["track"].map(number).to_numpy()
        self._start = index["frame"].to_numpy()
        self._bins, self._frames = bins, frames
        self._channels, self._scaled = (4, 2) if complex_targets else (1, 1)  # of targets; a phase has no scale

    @property
    def patches(self) -> int:
        """Number of patches, each of which is combined with every condition."""
        return len(self._start)

    def __len__(self) -> int:
        return len(self._start) * len(self._conditions)

    def rows(self, rows: Numbers) -> tuple[Numbers, Magnitudes]:
        """Numbers of the patches, and conditions `(rows, instruments)`, of some rows."""
        numbers, conditions = np.divmod(rows, len(self._conditions))
        return numbers, self._conditions[conditions]

    def read(self, number: int) -> Patch:
        """A patch; its frames are read from the disk on use."""
        scale = 1 / self._tracks[self._track[number]].peak
        sources = (Share(self._read(number, n), scale) for n in range(len(self._instruments)))
        return Patch(Share(self._read(number), scale), tuple(sources))

    def mix(self, rng: np.random.Generator, gain: tuple[float, float]) -> Patch:
        """A new mixture: each source comes from a randomly drawn patch, times a random gain."""
        numbers = rng.integers(self.patches, size=len(self._instruments)).tolist()
        gains = rng.uniform(*gain, size=len(self._instruments)).tolist()
        sources = tuple(
            Share(self._read(number, n), gains[n] / self._tracks[self._track[number]].peak)
            for n, number in enumerate(numbers)
        )
        return Patch(self._sum(sources), sources)

    def batch(self, patches: Sequence[Patch], conditions: Magnitudes, conditioned: bool) -> Batch:
        """Inputs and targets: magnitudes `(rows, bins, frames, 1)`, and conditions `(rows, instruments)` if needed.

        Magnitudes are at most one. Complex targets are `(rows, bins, frames, 4)`.

        Args:
            patches: one per row; rows with the same patch are adjacent.
            conditions: one per row.
            conditioned: whether the network takes conditions.
        """
        shape = (len(patches), self._bins, self._frames)
        mixtures = np.empty((*shape, 1), np.float32)
        targets = np.empty((*shape, self._channels), np.float32)
        factors = np.empty((len(patches), 2), np.float32)
        for row, (patch, condition) in enumerate(zip(patches, conditions.tolist(), strict=True)):
            if row and patch is patches[row - 1]:
                mixtures[row], targets[row, ..., self._scaled :] = (
                    mixtures[row - 1],
                    targets[row - 1, ..., self._scaled :],
                )
            else:
                _write_mixture(patch.mixture.frames, mixtures[row, ..., 0], targets[row])
            weighted = zip(patch.sources, condition, strict=True)
            target = self._sum([Share(source.frames, source.weight * weight) for source, weight in weighted if weight])
            _write_target(target.frames, targets[row])
            factors[row] = patch.mixture.weight, target.weight
        # All rows at once: each call of NumPy may wait for the interpreter's lock.
        peaks = np.maximum(1, factors[:, 0] * mixtures.max(axis=(1, 2, 3)))
        for values, factor in zip((mixtures, targets[..., : self._scaled]), factors.T / peaks, strict=True):
            values *= factor[:, None, None, None]
        return ((mixtures, conditions) if conditioned else mixtures), targets

    def _read(self, number: int, instrument: int | None = None) -> Complex:
        """Frames `(frames, bins)` of a patch's mixture, or of one of its sources."""
        track, start = self._tracks[self._track[number]], int(self._start[number])
        spectrogram = (
            track.mixture(start, self._frames)
            if instrument is None
            else track.source(self._instruments[instrument], start, self._frames)
        )
        frames: Complex = spectrogram[: self._bins].T
        return frames

    def _sum(self, shares: Sequence[Share]) -> Share:
        """The weighted sum of frames, up to the weight of the first, which is returned with it."""
        if not shares:
            return Share(np.zeros((self._frames, self._bins), np.complex64), 0.0)
        first, *others = shares
        total = first.frames
        for share in others:
            ratio = np.float32(share.weight / first.weight)
            total = total + (share.frames if ratio == 1 else ratio * share.frames)
        return Share(total, first.weight)


def _write_mixture(frames: Complex, mixture: Magnitudes, target: Magnitudes) -> None:
    """Write a mixture, and its phase if targets are complex."""
    np.abs(frames.T, out=mixture)
    if target.shape[-1] > 1:
        phase = frames.T / np.maximum(mixture, np.finfo(np.float32).tiny)
        target[..., 2], target[..., 3] = phase.real, phase.imag


def _write_target(frames: Complex, target: Magnitudes) -> None:
    if target.shape[-1] == 1:
        np.abs(frames.T, out=target[..., 0])
    else:
        target[..., 0], target[..., 1] = frames.T.real, frames.T.imag


class TrainingBatches(keras.utils.PyDataset):
    """Epochs of shuffled batches; each row is used once before any is used again.

    Some rows are augmented: their patch is mixed from several tracks, or (progressive conditioning) their condition
    and target are scaled by a random factor. A dedicated network has no condition to scale. A batch depends only on
    the seed, the epoch and its number, so that a resumed training gets the same batches as an uninterrupted one.
    Keras reads ahead, so `epoch` must be correct from the start, and is set before each epoch.
    """

    def __init__(self, reader: PatchReader, conditioned: bool, settings: Train, seed: int, epoch: int) -> None:
        super().__init__(workers=READERS, max_queue_size=AHEAD)
        self.epoch = epoch
        self._reader, self._conditioned, self._seed = reader, conditioned, seed
        self._size, self._batches = settings.batch_size, settings.batches_per_epoch
        self._progressive = settings.progressive if conditioned else 0.0
        self._augmentation = settings.augmentation
        self._order = lru_cache(maxsize=2)(self._draw_order)  # shuffling a large table for every batch would be slow

    @property
    def num_batches(self) -> int:
        """Batches per epoch."""
        return self._batches

    def __getitem__(self, number: int) -> Batch:
        count = self.epoch * self._batches + number
        rng = np.random.default_rng([self._seed, count, 1])
        numbers, conditions = self._reader.rows(self._rows(count * self._size))
        scaled = rng.random(self._size) < self._progressive
        conditions = conditions * np.where(scaled, rng.random(self._size), 1).astype(np.float32)[:, None]
        mixed = rng.random(self._size) < self._augmentation.probability
        patches = [
            self._reader.mix(rng, self._augmentation.gain) if new else self._reader.read(number)
            for number, new in zip(numbers.tolist(), mixed, strict=True)
        ]
        return self._reader.batch(patches, conditions, self._conditioned)

    def _rows(self, first: int) -> Numbers:
        passages, places = np.divmod(np.arange(first, first + self._size), len(self._reader))
        orders = {passage: self._order(passage) for passage in np.unique(passages).tolist()}
        return np.array([orders[passage][place] for passage, place in zip(passages, places, strict=True)])

    def _draw_order(self, passage: int) -> Numbers:
        return np.random.default_rng([self._seed, passage]).permutation(len(self._reader))


class ValidationBatches(keras.utils.PyDataset):
    """Every row once, in order and without augmentation; the last batch may be smaller.

    Devices that share a batch need a multiple of their number: for them, the last batch repeats its last row.
    """

    def __init__(self, reader: PatchReader, conditioned: bool, size: int, devices: int = 1) -> None:
        super().__init__(workers=READERS, max_queue_size=AHEAD)
        self._reader, self._conditioned, self._size, self._devices = reader, conditioned, size, devices

    @property
    def num_batches(self) -> int:
        """Batches per pass."""
        return -(-len(self._reader) // self._size)

    def __getitem__(self, number: int) -> Batch:
        rows = np.arange(number * self._size, min((number + 1) * self._size, len(self._reader)))
        rows = np.pad(rows, (0, -len(rows) % self._devices), mode="edge")
        numbers, conditions = self._reader.rows(rows)
        patches = {number: self._reader.read(number) for number in np.unique(numbers).tolist()}
        return self._reader.batch([patches[number] for number in numbers.tolist()], conditions, self._conditioned)
