"""Batches of patches for any Keras backend: NumPy arrays, read from HDF5 when they are asked for."""

from functools import lru_cache
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import pandas as pd

from cunet.preprocess.indexes import instruments_of
from cunet.preprocess.spectrogram import Complex, TrackSpectrograms

Batch = tuple[npt.NDArray[np.float32] | tuple[npt.NDArray[np.float32], ...], npt.NDArray[np.float32]]


READERS = 2  # threads that read ahead of the training


class PatchReader:
    """Reads patches and targets of the rows of an index table.

    Magnitudes are divided by the peak of their track's mixture. The target is the sum of the sources,
    each weighted by its entry in the condition.
    """

    def __init__(self, index: pd.DataFrame, spectrograms: Path, bins: int, frames: int) -> None:
        self.instruments = instruments_of(index)
        self._tracks = [TrackSpectrograms(spectrograms / f"{name}.h5") for name in index["track"].unique()]
        number = {track.name: n for n, track in enumerate(self._tracks)}
        self._track = index["track"].map(number).to_numpy()
        self._start = index["frame"].to_numpy()
        self._condition = index[list(self.instruments)].to_numpy(np.float32)
        self._bins, self._frames = bins, frames

    def __len__(self) -> int:
        return len(self._start)

    def read(self, rows: npt.NDArray[np.intp], conditioned: bool) -> Batch:
        """Inputs and targets of some rows: magnitudes `(rows, bins, frames, 1)`, conditions `(rows, instruments)`."""
        shape = (len(rows), self._bins, self._frames, 1)
        mixtures, targets = np.empty(shape, np.float32), np.empty(shape, np.float32)
        for place, row in enumerate(rows):
            track, start = self._tracks[self._track[row]], int(self._start[row])
            mixtures[place, ..., 0] = self._magnitude(track.mixture(start, self._frames), track.peak)
            targets[place, ..., 0] = self._magnitude(self._target(track, start, self._condition[row]), track.peak)
        return ((mixtures, self._condition[rows]) if conditioned else mixtures), targets

    def _magnitude(self, spectrogram: Complex, peak: float) -> npt.NDArray[np.float32]:
        return (np.abs(spectrogram[: self._bins]) / peak).astype(np.float32)

    def _target(self, track: TrackSpectrograms, start: int, condition: npt.NDArray[np.float32]) -> Complex:
        weighted = (
            weight * track.source(instrument, start, self._frames)
            for instrument, weight in zip(self.instruments, condition, strict=True)
            if weight
        )
        return np.asarray(sum(weighted, np.zeros((track.bins, self._frames), np.complex64)))


class TrainingBatches(keras.utils.PyDataset):
    """Epochs of shuffled batches; every row comes once before any comes again.

    A batch is a function of the seed, the epoch and its number alone, so that a training that continues
    sees what an unbroken one would have seen. Keras reads ahead: `epoch` is right from the start, and set
    before each epoch.
    """

    def __init__(self, reader: PatchReader, conditioned: bool, size: int, batches: int, seed: int, epoch: int) -> None:
        super().__init__(workers=READERS, max_queue_size=4 * READERS)
        self.epoch = epoch
        self._reader, self._conditioned, self._size = reader, conditioned, size
        self._batches, self._seed = batches, seed
        self._order = lru_cache(maxsize=2)(self._draw_order)  # a large table takes long to shuffle for every batch

    @property
    def num_batches(self) -> int:
        """Batches in an epoch."""
        return self._batches

    def __getitem__(self, number: int) -> Batch:
        first = (self.epoch * self._batches + number) * self._size
        passages, places = np.divmod(np.arange(first, first + self._size), len(self._reader))
        orders = {passage: self._order(passage) for passage in np.unique(passages)}
        rows = [orders[passage][place] for passage, place in zip(passages, places, strict=True)]
        return self._reader.read(np.array(rows), self._conditioned)

    def _draw_order(self, passage: int) -> npt.NDArray[np.intp]:
        return np.random.default_rng([self._seed, passage]).permutation(len(self._reader))


class ValidationBatches(keras.utils.PyDataset):
    """Every row once, in order; the last batch may be smaller."""

    def __init__(self, reader: PatchReader, conditioned: bool, size: int) -> None:
        super().__init__(workers=READERS, max_queue_size=4 * READERS)
        self._reader, self._conditioned, self._size = reader, conditioned, size

    @property
    def num_batches(self) -> int:
        """Batches in a pass."""
        return -(-len(self._reader) // self._size)

    def __getitem__(self, number: int) -> Batch:
        rows = np.arange(number * self._size, min((number + 1) * self._size, len(self._reader)))
        return self._reader.read(rows, self._conditioned)
