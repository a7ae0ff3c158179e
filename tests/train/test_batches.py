"""Batches: the arithmetic of targets, and an order that follows from the seed."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cunet.params import Params
from cunet.preprocess.indexes import TRAINING, read_index
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.train.batches import PatchReader, TrainingBatches, ValidationBatches


@pytest.fixture
def index(prepared: Path) -> pd.DataFrame:
    return read_index(prepared / "indexes" / TRAINING)


@pytest.fixture
def reader(index: pd.DataFrame, prepared: Path, params: Params) -> PatchReader:
    return PatchReader(index, prepared / "train", params.spectrogram.bins, params.patch.frames)


def test_mixture_and_target_are_magnitudes_over_the_peak_of_the_mixture(
    index: pd.DataFrame, reader: PatchReader, prepared: Path, params: Params
) -> None:
    rows = np.array([0, len(index) // 2, len(index) - 1])
    (mixtures, conditions), targets = reader.read(rows, conditioned=True)
    assert mixtures.shape == targets.shape == (3, 128, 16, 1)
    for place, row in enumerate(rows):
        entry = index.iloc[row]
        (instrument,) = [name for name in reader.instruments if entry[name]]
        with TrackSpectrograms(prepared / "train" / f"{entry['track']}.h5") as track:
            mixture = np.abs(track.mixture(entry["frame"], 16))[:128] / track.peak
            target = np.abs(track.source(instrument, entry["frame"], 16))[:128] / track.peak
        np.testing.assert_allclose(mixtures[place, ..., 0], mixture, rtol=1e-5)
        np.testing.assert_allclose(targets[place, ..., 0], target, rtol=1e-5)
        np.testing.assert_array_equal(conditions[place], [entry[name] for name in reader.instruments])
    assert mixtures.max() <= 1


def test_the_target_is_the_sum_of_the_sources_weighted_by_the_condition(prepared: Path, params: Params) -> None:
    index = pd.DataFrame([("song 0", 3, 1.0, 0.0, 0.25)], columns=["track", "frame", "clicks", "noise", "tone"])
    _, targets = PatchReader(index, prepared / "train", 128, 16).read(np.array([0]), conditioned=True)
    with TrackSpectrograms(prepared / "train" / "song 0.h5") as track:
        expected = np.abs(track.source("clicks", 3, 16) + 0.25 * track.source("tone", 3, 16))[:128] / track.peak
    np.testing.assert_allclose(targets[0, ..., 0], expected, rtol=1e-4, atol=1e-7)


def signatures(batches: TrainingBatches, epoch: int) -> list[bytes]:
    """A row's patch, as bytes, of every row of an epoch."""
    batches.epoch = epoch
    rows = []
    for number in range(batches.num_batches):
        (mixtures, conditions), _ = batches[number]
        rows += [m.tobytes() + z.tobytes() for m, z in zip(mixtures, conditions, strict=True)]
    return rows


def test_every_row_comes_once_before_any_comes_again(reader: PatchReader) -> None:
    rows = len(reader)
    batches = TrainingBatches(reader, True, size=5, batches=-(-2 * rows // 5), seed=0, epoch=0)
    seen = signatures(batches, 0)
    distinct = len(set(seen))
    assert set(Counter(seen[:rows]).values()) == {1}
    assert set(Counter(seen[rows : 2 * rows]).values()) == {1}
    assert distinct == rows
    assert seen[:rows] != seen[rows : 2 * rows]


def test_order_follows_from_seed_and_epoch_alone(reader: PatchReader) -> None:
    def batches(seed: int, epoch: int) -> TrainingBatches:
        return TrainingBatches(reader, True, size=4, batches=3, seed=seed, epoch=epoch)

    assert signatures(batches(0, 0), 2) == signatures(batches(0, 2), 2)
    assert signatures(batches(0, 0), 0) != signatures(batches(0, 0), 1)
    assert signatures(batches(0, 0), 0) != signatures(batches(1, 0), 0)


def test_validation_keeps_its_last_smaller_batch(reader: PatchReader) -> None:
    size = len(reader) - 1
    batches = ValidationBatches(reader, conditioned=False, size=size)
    sizes = [len(batches[number][1]) for number in range(batches.num_batches)]
    assert sizes == [size, 1]
