"""Batches of patches for any Keras backend: NumPy arrays, read from HDF5 when they are asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import pandas as pd

from cunet.params import Train
from cunet.preprocess.spectrogram import Complex, TrackSpectrograms

Magnitudes = npt.NDArray[np.float32]
Batch = tuple[Magnitudes | tuple[Magnitudes, Magnitudes], Magnitudes]


READERS = 2  # threads that read ahead of the training


@dataclass(frozen=True)
class PatchSources:
    """A mixture `(bins, frames)` and the sources that are needed of it, divided by one peak."""

    mixture: Complex
    sources: dict[int, Complex]


class PatchReader:
    """Every patch of an index table with every condition: row by row, the conditions of a patch one after the other.

    Magnitudes are divided by the peak of their track's mixture. The target is the sum of the sources,
    each weighted by its entry in the condition.
    """

    def __init__(
        self, index: pd.DataFrame, conditions: pd.DataFrame, spectrograms: Path, bins: int, frames: int
    ) -> None:
        self._instruments = tuple(conditions.columns)
        self._conditions = conditions.to_numpy(np.float32)
        self._tracks = [TrackSpectrograms(spectrograms / f"{name}.h5") for name in index["track"].unique()]
        number = {track.name: n for n, track in enumerate(self._tracks)}
        self._track = index["track"].map(number).to_numpy()
        self._start = index["frame"].to_numpy()
        self._bins, self._frames = bins, frames

    @property
    def patches(self) -> int:
        """Number of patches, each of which comes with every condition."""
        return len(self._start)

    def __len__(self) -> int:
        return len(self._start) * len(self._conditions)

    def conditions(self, rows: npt.NDArray[np.intp]) -> Magnitudes:
        """Conditions `(rows, instruments)` of some rows."""
        return self._conditions[rows % len(self._conditions)]

    def read(self, row: int, condition: Magnitudes) -> PatchSources:
        """The patch of a row, with the sources that the condition speaks of."""
        number = row // len(self._conditions)
        return PatchSources(self._mixture(number), {n: self._source(number, n) for n in _wanted(condition)})

    def mix(self, rng: np.random.Generator, gain: tuple[float, float]) -> PatchSources:
        """A new mixture: every source from a patch that `rng` draws, times a gain; magnitudes stay within one."""
        numbers = rng.integers(self.patches, size=len(self._instruments))
        gains = rng.uniform(*gain, size=len(self._instruments)).astype(np.float32)
        sources = {n: gains[n] * self._source(number, n) for n, number in enumerate(numbers.tolist())}
        mixture = np.asarray(sum(sources.values()))
        peak = max(np.float32(1), np.abs(mixture).max())
        return PatchSources(mixture / peak, {n: source / peak for n, source in sources.items()})

    def batch(self, patches: Iterator[PatchSources], conditions: Magnitudes, conditioned: bool) -> Batch:
        """Inputs and targets: magnitudes `(rows, bins, frames, 1)`, and conditions `(rows, instruments)` if asked."""
        shape = (len(conditions), self._bins, self._frames, 1)
        mixtures, targets = np.empty(shape, np.float32), np.zeros(shape, np.float32)
        for place, (patch, condition) in enumerate(zip(patches, conditions, strict=True)):
            weighted = [condition[n] * patch.sources[n] for n in _wanted(condition)]
            mixtures[place, ..., 0] = np.abs(patch.mixture)
            if weighted:
                targets[place, ..., 0] = np.abs(sum(weighted))
        return ((mixtures, conditions) if conditioned else mixtures), targets

    def _mixture(self, number: int) -> Complex:
        track = self._tracks[self._track[number]]
        return self._scaled(track.mixture(int(self._start[number]), self._frames), track.peak)

    def _source(self, number: int, instrument: int) -> Complex:
        track = self._tracks[self._track[number]]
        name = self._instruments[instrument]
        return self._scaled(track.source(name, int(self._start[number]), self._frames), track.peak)

    def _scaled(self, spectrogram: Complex, peak: float) -> Complex:
        scaled: Complex = spectrogram[: self._bins] / np.float32(peak)
        return scaled


def _wanted(condition: Magnitudes) -> list[int]:
    """Numbers of the instruments that a condition asks for."""
    numbers: list[int] = np.flatnonzero(condition).tolist()
    return numbers


class TrainingBatches(keras.utils.PyDataset):
    """Epochs of shuffled batches; every row comes once before any comes again.

    Some rows are augmented: their patch is mixed anew from several tracks, or (progressive conditioning) their
    condition, and with it their target, is scaled by a random factor. A dedicated network has no condition to
    scale. A batch is a function of the seed, the epoch and its number alone, so that a training that continues
    sees what an unbroken one would have seen. Keras reads ahead: `epoch` is right from the start, and set
    before each epoch.
    """

    def __init__(self, reader: PatchReader, conditioned: bool, settings: Train, seed: int, epoch: int) -> None:
        super().__init__(workers=READERS, max_queue_size=4 * READERS)
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
        return self._reader.batch(self._patches(rows, conditions, rng), conditions, self._conditioned)

    def _patches(
        self, rows: npt.NDArray[np.intp], conditions: Magnitudes, rng: np.random.Generator
    ) -> Iterator[PatchSources]:
        mixed = rng.random(self._size) < self._augmentation.probability
        for place, row in enumerate(rows.tolist()):
            if mixed[place]:
                yield self._reader.mix(rng, self._augmentation.gain)
            else:
                yield self._reader.read(row, conditions[place])

    def _rows(self, first: int) -> npt.NDArray[np.intp]:
        passages, places = np.divmod(np.arange(first, first + self._size), len(self._reader))
        orders = {passage: self._order(passage) for passage in np.unique(passages)}
        return np.array([orders[passage][place] for passage, place in zip(passages, places, strict=True)])

    def _draw_order(self, passage: int) -> npt.NDArray[np.intp]:
        return np.random.default_rng([self._seed, passage]).permutation(len(self._reader))


class ValidationBatches(keras.utils.PyDataset):
    """Every row once, in order and as it is; the last batch may be smaller."""

    def __init__(self, reader: PatchReader, conditioned: bool, size: int) -> None:
        super().__init__(workers=READERS, max_queue_size=4 * READERS)
        self._reader, self._conditioned, self._size = reader, conditioned, size

    @property
    def num_batches(self) -> int:
        """Batches in a pass."""
        return -(-len(self._reader) // self._size)

    def __getitem__(self, number: int) -> Batch:
        rows = np.arange(number * self._size, min((number + 1) * self._size, len(self._reader)))
        conditions = self._reader.conditions(rows)
        patches = map(self._reader.read, rows.tolist(), conditions)
        return self._reader.batch(patches, conditions, self._conditioned)
