"""Batches of patches for any Keras backend: NumPy arrays, read from HDF5 when they are asked for."""

import os
from collections.abc import Callable, Sequence
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
Batch = tuple[Magnitudes | tuple[Magnitudes, Magnitudes], Magnitudes]
Write = Callable[[int, Magnitudes, Magnitudes], tuple[float, float]]

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
READERS = min(8, CORES)  # threads that read; on 16 cores, 16 were slower than 8: they wait for the interpreter's lock
AHEAD = 2 * READERS  # batches that wait, read before the training asks for them


@dataclass(frozen=True)
class Share:
    """Frames of a source `(frames, bins)`, and the weight that they have in a sum."""

    frames: Complex
    weight: float


class PatchReader:
    """Every patch of an index table with every condition: row by row, the conditions of a patch one after the other.

    Magnitudes are divided by the peak of their track's mixture. The target is the sum of the sources,
    each weighted by its entry in the condition. Its last axis is as the loss wants it: magnitudes alone or, with
    `complex_targets`, its real and imaginary parts, and cosine and sine of the mixture's phase.

    Several threads may read at once: the files are mapped into memory, no lock is taken, and numpy holds none while
    it computes.
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
        """Number of patches, each of which comes with every condition."""
        return len(self._start)

    def __len__(self) -> int:
        return len(self._start) * len(self._conditions)

    def conditions(self, rows: npt.NDArray[np.intp]) -> Magnitudes:
        """Conditions `(rows, instruments)` of some rows."""
        return self._conditions[rows % len(self._conditions)]

    def read(self, row: int, condition: Magnitudes, mixture: Magnitudes, target: Magnitudes) -> tuple[float, float]:
        """Write a row's mixture `(bins, frames)`, and the target of a condition, but for a factor.

        Returns:
            the factors of mixture and target that make them magnitudes over the peak.
        """
        number = row // len(self._conditions)
        scale = 1 / self._tracks[self._track[number]].peak
        weights = enumerate(condition.tolist())
        shares = [Share(self._patch(number, n), scale * weight) for n, weight in weights if weight]
        return _write(Share(self._patch(number), scale), self._sum(shares), mixture, target)

    def mix(
        self,
        rng: np.random.Generator,
        gain: tuple[float, float],
        condition: Magnitudes,
        mixture: Magnitudes,
        target: Magnitudes,
    ) -> tuple[float, float]:
        """As `read`, of a new mixture: every source is from a patch that `rng` draws, times a gain.

        Magnitudes stay within one.
        """
        numbers = rng.integers(self.patches, size=len(self._instruments)).tolist()
        gains = rng.uniform(*gain, size=len(self._instruments)).tolist()
        scales = [gain / self._tracks[self._track[number]].peak for gain, number in zip(gains, numbers, strict=True)]
        shares = [Share(self._patch(number, n), scales[n]) for n, number in enumerate(numbers)]
        weighted = zip(shares, condition.tolist(), strict=True)
        wanted = [Share(share.frames, share.weight * weight) for share, weight in weighted if weight]
        factors = _write(self._sum(shares), self._sum(wanted), mixture, target)
        peak = max(1.0, factors[0] * float(mixture.max()))
        return factors[0] / peak, factors[1] / peak

    def batch(self, conditions: Magnitudes, conditioned: bool, write: Write) -> Batch:
        """Inputs and targets: magnitudes `(rows, bins, frames, 1)`, and conditions `(rows, instruments)` if asked.

        Targets are `(rows, bins, frames, 4)` where they are complex.

        Args:
            conditions: of the rows.
            conditioned: whether the network takes them.
            write: called with the place of a row in the batch and what is to be filled, as `read` does.
        """
        shape = (len(conditions), self._bins, self._frames)
        mixtures = np.empty((*shape, 1), np.float32)
        targets = np.empty((*shape, self._channels), np.float32)
        factors = [write(place, mixtures[place, ..., 0], targets[place]) for place in range(len(conditions))]
        # All rows at once: each call of numpy may wait for the interpreter's lock.
        scaled = (mixtures, targets[..., : self._scaled])
        for values, factor in zip(scaled, np.array(factors, np.float32).T, strict=True):
            values *= factor[:, None, None, None]
        return ((mixtures, conditions) if conditioned else mixtures), targets

    def _patch(self, number: int, instrument: int | None = None) -> Complex:
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
        """The weighted sum of frames, but for the weight of the first."""
        if not shares:
            return Share(np.zeros((self._frames, self._bins), np.complex64), 0.0)
        first, *others = shares
        total = first.frames
        for share in others:
            ratio = np.float32(share.weight / first.weight)
            total = total + (share.frames if ratio == 1 else ratio * share.frames)
        return Share(total, first.weight)


def _write(whole: Share, wanted: Share, mixture: Magnitudes, target: Magnitudes) -> tuple[float, float]:
    """Write mixture and target of a patch, but for the weights of their shares, which are returned."""
    np.abs(whole.frames.T, out=mixture)
    if target.shape[-1] == 1:
        np.abs(wanted.frames.T, out=target[..., 0])
    else:
        phase = whole.frames.T / np.maximum(mixture, np.finfo(np.float32).tiny)
        for place, values in ((0, wanted.frames.T), (2, phase)):
            target[..., place], target[..., place + 1] = values.real, values.imag
    return whole.weight, wanted.weight


class TrainingBatches(keras.utils.PyDataset):
    """Epochs of shuffled batches; every row comes once before any comes again.

    Some rows are augmented: their patch is mixed from several tracks, or (progressive conditioning) their
    condition, and with it their target, is scaled by a random factor. A dedicated network has no condition to
    scale. A batch is a function of the seed, the epoch and its number alone, so that a training that continues
    sees what an unbroken one would have seen. Keras reads ahead: `epoch` is right from the start, and set
    before each epoch.
    """

    def __init__(self, reader: PatchReader, conditioned: bool, settings: Train, seed: int, epoch: int) -> None:
        super().__init__(workers=READERS, max_queue_size=AHEAD)
        self.epoch = epoch
        self._reader, self._conditioned, self._seed = reader, conditioned, seed
        self._size, self._batches = settings.batch_size, settings.batches_per_epoch
        self._progressive = settings.progressive if conditioned else 0.0
        self._augmentation = settings.augmentation
        self._order = lru_cache(maxsize=2)(self._draw_order)  # a large table takes long to shuffle for every batch

    @property
    def num_batches(self) -> int:
        """Batches in an epoch."""
        return self._batches

    def __getitem__(self, number: int) -> Batch:
        count = self.epoch * self._batches + number
        rng = np.random.default_rng([self._seed, count, 1])
        rows = self._rows(count * self._size)
        conditions = self._reader.conditions(rows)
        scaled = rng.random(self._size) < self._progressive
        conditions = conditions * np.where(scaled, rng.random(self._size), 1).astype(np.float32)[:, None]
        mixed = rng.random(self._size) < self._augmentation.probability
        reader, gain = self._reader, self._augmentation.gain

        def write(place: int, mixture: Magnitudes, target: Magnitudes) -> tuple[float, float]:
            if mixed[place]:
                return reader.mix(rng, gain, conditions[place], mixture, target)
            return reader.read(int(rows[place]), conditions[place], mixture, target)

        return reader.batch(conditions, self._conditioned, write)

    def _rows(self, first: int) -> npt.NDArray[np.intp]:
        passages, places = np.divmod(np.arange(first, first + self._size), len(self._reader))
        orders = {passage: self._order(passage) for passage in np.unique(passages)}
        return np.array([orders[passage][place] for passage, place in zip(passages, places, strict=True)])

    def _draw_order(self, passage: int) -> npt.NDArray[np.intp]:
        return np.random.default_rng([self._seed, passage]).permutation(len(self._reader))


class ValidationBatches(keras.utils.PyDataset):
    """Every row once, in order and as it is; the last batch may be smaller.

    Devices that share a batch need a multiple of their number: there, the last batch repeats its last row.
    """

    def __init__(self, reader: PatchReader, conditioned: bool, size: int, devices: int = 1) -> None:
        super().__init__(workers=READERS, max_queue_size=AHEAD)
        self._reader, self._conditioned, self._size, self._devices = reader, conditioned, size, devices

    @property
    def num_batches(self) -> int:
        """Batches in a pass."""
        return -(-len(self._reader) // self._size)

    def __getitem__(self, number: int) -> Batch:
        rows = np.arange(number * self._size, min((number + 1) * self._size, len(self._reader)))
        rows = np.pad(rows, (0, -len(rows) % self._devices), mode="edge")
        conditions = self._reader.conditions(rows)
        reader = self._reader

        def write(place: int, mixture: Magnitudes, target: Magnitudes) -> tuple[float, float]:
            return reader.read(int(rows[place]), conditions[place], mixture, target)

        return reader.batch(conditions, self._conditioned, write)
