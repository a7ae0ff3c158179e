"""Batches: the arithmetic of targets, what is random in them, and an order that follows from the seed."""

import os
import resource
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from cunet.conditions.sets import build_conditions
from cunet.params import Params
from cunet.preprocess.indexes import TRAINING, VALIDATION, read_index
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.settings.training import Augmentation, Train
from cunet.train.batches import PatchReader, TrainingBatches, ValidationBatches
from tests.conftest import SINGLES, tiny_params

INSTRUMENTS = ["clicks", "noise", "tone"]
BINS, FRAMES = 128, 16
SETS = tiny_params().condition_sets
Array = npt.NDArray[np.float32]


@pytest.fixture
def index(prepared: Path) -> pd.DataFrame:
    return read_index(prepared / "indexes" / TRAINING)


def reader_of(index: pd.DataFrame, spectrograms: Path, conditions: pd.DataFrame = SINGLES) -> PatchReader:
    return PatchReader(index, conditions, spectrograms, BINS, FRAMES)


@pytest.fixture
def reader(index: pd.DataFrame, prepared: Path) -> PatchReader:
    return reader_of(index, prepared / "train")


def settings(
    params: Params,
    size: int = 4,
    batches: int = 3,
    progressive: float = 0.0,
    augmentation: float = 0.0,
    gain: tuple[float, float] = (0.5, 1.5),
) -> Train:
    return params.train.model_copy(
        update={
            "batch_size": size,
            "batches_per_epoch": batches,
            "progressive": progressive,
            "augmentation": Augmentation(probability=augmentation, gain=gain),
        }
    )


def rows_of(batches: TrainingBatches) -> Iterator[tuple[Array, Array, Array]]:
    """Mixture, condition and target of every row of an epoch."""
    for number in range(batches.num_batches):
        (mixtures, conditions), targets = batches[number]
        yield from zip(mixtures[..., 0], conditions, targets[..., 0], strict=True)


def patches(index: pd.DataFrame, spectrograms: Path) -> list[tuple[Array, Array]]:
    """Mixture and complex sources of every patch, straight from the files: over the peak of the track's mixture."""
    found = []
    for entry in index.itertuples():
        with h5py.File(spectrograms / f"{entry.track}.h5") as file:
            place = slice(int(entry.frame), int(entry.frame) + FRAMES)  # type: ignore[arg-type]
            peak = np.abs(file["mixture"][:]).max()
            mixture = np.abs(file["mixture"][place, :BINS].T) / peak
            found.append((mixture, np.stack([file[f"sources/{name}"][place, :BINS].T / peak for name in INSTRUMENTS])))
    return found


def test_mixtures_are_magnitudes_over_the_peak_of_their_track(
    index: pd.DataFrame, reader: PatchReader, prepared: Path, params: Params
) -> None:
    (mixtures, conditions), targets = ValidationBatches(reader, True, size=len(reader))[0]
    assert mixtures.shape == targets.shape == (3 * len(index), BINS, FRAMES, 1)
    np.testing.assert_array_equal(conditions, np.tile(np.eye(3), (len(index), 1)))
    for place, entry in enumerate(index.itertuples()):
        track = TrackSpectrograms(prepared / "train" / f"{entry.track}.h5")
        mixture = np.abs(track.mixture(int(entry.frame), FRAMES))[:BINS] / track.peak  # type: ignore[arg-type]
        for row in range(3 * place, 3 * place + 3):
            np.testing.assert_allclose(mixtures[row, ..., 0], mixture, rtol=1e-5, atol=1e-9)
    assert mixtures.max() <= 1


@pytest.mark.parametrize("progressive", [0.0, 0.5])
@pytest.mark.parametrize("name", SETS)
def test_the_target_is_the_sum_of_the_sources_weighted_by_the_condition(
    index: pd.DataFrame, prepared: Path, params: Params, name: str, progressive: float
) -> None:
    """Whatever the set of conditions: every row of real batches is looked up in the files by its mixture."""
    conditions = build_conditions(INSTRUMENTS, SETS[name])
    batches = TrainingBatches(
        reader_of(index, prepared / "train", conditions), True, settings(params, 8, 8, progressive), seed=0, epoch=0
    )
    truth = patches(index, prepared / "train")
    seen = []
    for mixture, condition, target in rows_of(batches):
        (sources,) = (sources for known, sources in truth if np.allclose(known, mixture, atol=1e-6))
        expected = np.abs(np.tensordot(condition, sources, 1))
        np.testing.assert_allclose(target, expected, rtol=1e-4, atol=1e-6)
        seen.append(condition)
    known = {tuple(row) for row in conditions.to_numpy(np.float32)}
    scaled = [tuple(condition) not in known for condition in seen]
    assert {tuple(condition) for condition in seen} <= known or progressive
    assert progressive == 0 or 0.25 < np.mean(scaled) < 0.75
    assert np.max(seen) <= 1


def test_a_progressive_condition_is_one_of_the_set_times_one_factor(
    reader: PatchReader, params: Params, index: pd.DataFrame, prepared: Path
) -> None:
    pairs = build_conditions(INSTRUMENTS, SETS["pairs"]).query("clicks + noise + tone == 2")
    batches = TrainingBatches(
        reader_of(index, prepared / "train", pairs), True, settings(params, 16, 4, progressive=1.0), seed=0, epoch=0
    )
    factors = []
    for _, condition, _ in rows_of(batches):
        weights = condition[condition > 0]
        assert len(weights) == 2
        assert weights[0] == weights[1]
        factors.append(weights[0])
    assert np.min(factors) < 0.1
    assert np.max(factors) > 0.9


def test_augmented_patches_are_sums_of_sources_of_several_tracks_times_gains(
    index: pd.DataFrame, prepared: Path, params: Params
) -> None:
    truth = patches(index, prepared / "train")
    tracks = index["track"].to_numpy()
    batches = TrainingBatches(
        reader_of(index, prepared / "train"), True, settings(params, 16, 6, augmentation=1.0), seed=0, epoch=0
    )
    gains, origins = [], set()
    for mixture, condition, target in rows_of(batches):
        assert not any(np.allclose(known, mixture, atol=1e-6) for known, _ in truth)
        assert mixture.max() <= 1.000001
        instrument = int(condition.argmax())
        for number, (_, sources) in enumerate(truth):
            source = np.abs(sources[instrument])
            gain = float((target * source).sum() / (source**2).sum())
            if np.allclose(target, gain * source, atol=1e-6):
                gains.append(gain)
                origins.add((tracks[number], instrument))
                break
        else:
            pytest.fail("the target is no source of a training track, whatever the gain")
    assert 0.5 < np.mean(gains) < 1.5
    assert np.min(gains) < 0.7
    assert np.max(gains) <= 1.5
    assert len(origins) == 2 * 3  # every source of every training track


def test_the_sources_of_an_augmented_patch_come_from_different_tracks(
    index: pd.DataFrame, reader: PatchReader, prepared: Path
) -> None:
    truth = patches(index, prepared / "train")
    tracks = index["track"].to_numpy()
    together = 0
    for draw in range(24):
        origins = set()
        patch = reader.mix(np.random.default_rng(draw), (1.0, 1.0))
        for n, source in enumerate(patch.sources):
            (origin, *_) = [
                tracks[number]
                for number, (_, known) in enumerate(truth)
                if np.corrcoef(np.abs(known[n]).ravel(), np.abs(source.frames.T).ravel())[0, 1] > 0.99999
            ]
            origins.add(origin)
        together += len(origins) == 1
    assert together < 18  # of two tracks, a quarter by chance


def test_an_augmented_mixture_is_the_sum_of_its_sources(index: pd.DataFrame, prepared: Path, params: Params) -> None:
    """The condition that asks for all gets the mixture, and the one that asks for none gets silence."""
    everything = pd.DataFrame([(1.0, 1.0, 1.0), (0.0, 0.0, 0.0)], columns=INSTRUMENTS)
    reader = reader_of(index, prepared / "train", everything)
    batches = TrainingBatches(reader, True, settings(params, 16, 2, augmentation=1.0, gain=(4, 8)), seed=0, epoch=0)
    conditions = set()
    for mixture, condition, target in rows_of(batches):
        np.testing.assert_allclose(target, mixture if condition.any() else 0 * mixture, atol=1e-6)
        assert mixture.max() <= 1.000001  # with gains as high as these they were scaled down
        conditions.add(tuple(condition))
    assert len(conditions) == 2


def test_dedicated_networks_get_the_same_augmentation_and_no_scaled_targets(
    index: pd.DataFrame, prepared: Path, params: Params
) -> None:
    tone = reader_of(index, prepared / "train", SINGLES[SINGLES["tone"] == 1])
    truth = patches(index, prepared / "train")
    batches = TrainingBatches(tone, False, settings(params, 16, 4, progressive=1.0, augmentation=0.5), seed=0, epoch=0)
    mixed = 0
    for number in range(batches.num_batches):
        mixtures, targets = batches[number]
        assert isinstance(mixtures, np.ndarray)
        for mixture, target in zip(mixtures[..., 0], targets[..., 0], strict=True):
            own = [sources for known, sources in truth if np.allclose(known, mixture, atol=1e-6)]
            mixed += not own
            for sources in own:
                np.testing.assert_allclose(target, np.abs(sources[2]), rtol=1e-4, atol=1e-6)
    assert 16 < mixed < 48


@pytest.fixture
def poisoned(prepared: Path, tmp_path: Path) -> Path:
    """The training tracks, and in place of the validation and test tracks what no sum survives."""
    folder = Path(shutil.copytree(prepared / "train", tmp_path / "poisoned"))
    for path in (prepared / "test").glob("*.h5"):
        shutil.copy(path, folder / f"test {path.name}")
    held_out = set(read_index(prepared / "indexes" / VALIDATION)["track"])
    poisoned = [path for path in folder.glob("*.h5") if path.stem in held_out or path.stem.startswith("test ")]
    assert len(poisoned) == 1 + 2
    for path in poisoned:
        with h5py.File(path, "r+") as file:
            for name in ("mixture", *(f"sources/{instrument}" for instrument in INSTRUMENTS)):
                file[name][:] = np.nan
    return folder


def clean(index: pd.DataFrame, spectrograms: Path, params: Params) -> bool:
    everything = settings(params, 16, 8, progressive=0.5, augmentation=0.7)
    batches = TrainingBatches(
        reader_of(index, spectrograms, build_conditions(INSTRUMENTS, SETS["everything"])), True, everything, 0, 0
    )
    return all(np.isfinite(mixture).all() and np.isfinite(target).all() for mixture, _, target in rows_of(batches))


def test_no_validation_or_test_track_is_ever_in_a_training_batch(
    index: pd.DataFrame, prepared: Path, poisoned: Path, params: Params
) -> None:
    assert clean(index, poisoned, params)
    leaky = pd.concat([index, read_index(prepared / "indexes" / VALIDATION).head(1)])
    assert not clean(leaky, poisoned, params)  # the poison works


def signatures(batches: TrainingBatches, epoch: int) -> list[bytes]:
    """A row's patch, condition and target, as bytes, of every row of an epoch."""
    batches.epoch = epoch
    return [b"".join(part.tobytes() for part in row) for row in rows_of(batches)]


def test_every_row_comes_once_before_any_comes_again(reader: PatchReader, params: Params) -> None:
    rows = len(reader)
    batches = TrainingBatches(reader, True, settings(params, 5, -(-2 * rows // 5)), seed=0, epoch=0)
    seen = signatures(batches, 0)
    distinct = len(set(seen))
    assert set(Counter(seen[:rows]).values()) == {1}
    assert set(Counter(seen[rows : 2 * rows]).values()) == {1}
    assert distinct == rows
    assert seen[:rows] != seen[rows : 2 * rows]


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_batch_follows_from_seed_epoch_and_number_alone(reader: PatchReader, params: Params, share: float) -> None:
    def batches(seed: int, epoch: int) -> TrainingBatches:
        return TrainingBatches(reader, True, settings(params, 4, 3, share, share), seed, epoch)

    assert signatures(batches(0, 0), 2) == signatures(batches(0, 2), 2)
    assert signatures(batches(0, 0), 0) != signatures(batches(0, 0), 1)
    assert signatures(batches(0, 0), 0) != signatures(batches(1, 0), 0)
    backwards = batches(0, 0)
    last, first = (backwards[number] for number in (2, 0))
    forwards = [batches(0, 0)[number] for number in (0, 2)]
    for one, other in ((first, forwards[0]), (last, forwards[1])):
        np.testing.assert_array_equal(one[1], other[1])


def test_validation_keeps_its_last_smaller_batch_and_nothing_in_it_is_random(reader: PatchReader) -> None:
    size = len(reader) - 1
    batches = ValidationBatches(reader, conditioned=False, size=size)
    sizes = [len(batches[number][1]) for number in range(batches.num_batches)]
    assert sizes == [size, 1]
    np.testing.assert_array_equal(batches[0][1], batches[0][1])


def test_there_may_be_more_tracks_than_open_files(prepared: Path, tmp_path: Path) -> None:
    names = [f"song {number}" for number in range(40)]
    for name in names:
        (tmp_path / f"{name}.h5").symlink_to(prepared / "train" / "song 0.h5")
    index = pd.DataFrame({"track": names, "frame": 0})
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = len(os.listdir("/dev/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (opened + 20, limits[1]))
    try:
        reader = reader_of(index, tmp_path)
        (mixtures, _), _ = ValidationBatches(reader, True, size=len(reader))[0]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert len(mixtures) == 3 * len(names)
    assert mixtures.any(axis=(1, 2, 3)).all()


def complex_reader(index: pd.DataFrame, spectrograms: Path, conditions: pd.DataFrame) -> PatchReader:
    return PatchReader(index, conditions, spectrograms, BINS, FRAMES, complex_targets=True)


def test_complex_targets_are_parts_of_the_target_and_the_phase_of_the_mixture(
    index: pd.DataFrame, prepared: Path
) -> None:
    conditions = build_conditions(INSTRUMENTS, SETS["pairs"])
    reader = complex_reader(index, prepared / "train", conditions)
    (mixtures, asked), targets = ValidationBatches(reader, True, size=len(reader))[0]
    assert targets.shape == (len(index) * len(conditions), BINS, FRAMES, 4)
    for place, entry in enumerate(index.itertuples()):
        track = TrackSpectrograms(prepared / "train" / f"{entry.track}.h5")
        start = int(entry.frame)  # type: ignore[arg-type]
        mixture = track.mixture(start, FRAMES)[:BINS]
        sources = np.stack([track.source(name, start, FRAMES)[:BINS] for name in INSTRUMENTS])
        for row in range(place * len(conditions), (place + 1) * len(conditions)):
            target = np.tensordot(asked[row], sources, 1) / track.peak
            np.testing.assert_allclose(targets[row, ..., 0], target.real, atol=1e-6)
            np.testing.assert_allclose(targets[row, ..., 1], target.imag, atol=1e-6)
            found = mixtures[row, ..., 0] * (targets[row, ..., 2] + 1j * targets[row, ..., 3])
            np.testing.assert_allclose(found, mixture / track.peak, atol=1e-6)
            np.testing.assert_allclose(np.hypot(targets[row, ..., 2], targets[row, ..., 3]), 1, atol=1e-5)


def test_complex_targets_of_augmented_and_scaled_patches_are_the_share_of_their_own_mixture(
    index: pd.DataFrame, prepared: Path, params: Params
) -> None:
    """The condition that asks for all, times any factor, gets the mixture times this factor."""
    everything = pd.DataFrame([(1.0, 1.0, 1.0)], columns=INSTRUMENTS)
    reader = complex_reader(index, prepared / "train", everything)
    batches = TrainingBatches(reader, True, settings(params, 16, 1, 0.5, 1.0, gain=(4, 8)), seed=0, epoch=0)
    (mixtures, conditions), targets = batches[0]
    assert mixtures.max() <= 1.000001
    assert len(np.unique(conditions)) > 4
    expected = conditions[:, :1, None] * mixtures[..., 0]
    np.testing.assert_allclose(targets[..., 0], expected * targets[..., 2], atol=1e-6)
    np.testing.assert_allclose(targets[..., 1], expected * targets[..., 3], atol=1e-6)


def test_silence_has_no_phase_and_is_finite(index: pd.DataFrame, prepared: Path) -> None:
    beyond = index.head(1).assign(frame=10**6)
    reader = complex_reader(beyond, prepared / "train", SINGLES)
    mixtures, targets = ValidationBatches(reader, False, size=len(reader))[0]
    assert not np.any(mixtures)
    assert not targets.any()
