"""Batches of patches from disk, in patches per second: this project's against the original's way.

    python -m benchmarks.batches [--short] [--threads N ...]

The original (gabolsgabs/cunet) keeps the complex spectrograms of all tracks in memory, and a Python generator and a
`tf.py_function` make one patch at a time, which TensorFlow then batches. Here, threads make whole batches from files
that are mapped into memory. Both sides get the same patches and conditions, neither augmented nor scaled, in turn.
"""

import argparse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from benchmarks.measure import Side, conclude, in_turn, own_peak, table
from benchmarks.workspace import INDEXES, SPECTROGRAMS, training
from cunet.params import load_params
from cunet.preprocess.indexes import TRAINING, read_index
from cunet.preprocess.spectrogram import TrackSpectrograms, track_files
from cunet.train.batches import READERS, TrainingBatches

ARCHITECTURE = "simple-dense-pairs"


def read(batches: TrainingBatches, count: int, threads: int) -> None:
    """Make batches and drop them."""
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(lambda number: batches[number][1].shape, number) for number in range(count)]:
            done.result()


def original(frames: int, bins: int, conditions: np.ndarray, batch_size: int) -> Any:
    """An endless dataset of batches, made as the original makes them."""
    import tensorflow as tf

    data = {}
    for path in track_files(SPECTROGRAMS):
        with TrackSpectrograms(path) as track:
            sources = {name: np.array(track.source(name)) for name in track.instruments}
            data[track.name] = (np.array(track.mixture()), sources, track.peak)
    index = read_index(INDEXES / TRAINING)
    names, starts = index["track"].to_numpy(), index["frame"].to_numpy()

    def rows() -> Iterator[tuple[int, int]]:
        rng = np.random.default_rng(0)
        while True:
            yield int(rng.integers(len(names))), int(rng.integers(len(conditions)))

    def patch(row: Any, number: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        mixture, sources, peak = data[names[int(row)]]
        condition = conditions[int(number)]
        place = slice(int(starts[int(row)]), int(starts[int(row)]) + frames)
        target = sum(
            weight * source[:bins, place] for weight, source in zip(condition, sources.values(), strict=True) if weight
        )
        return (
            np.abs(mixture[:bins, place] / peak)[..., None],
            condition,
            np.abs(target / peak)[..., None].astype(np.float32),
        )

    def shaped(row: Any, number: Any) -> Any:
        mixture, condition, target = tf.py_function(patch, [row, number], (tf.float32,) * 3)
        mixture.set_shape((bins, frames, 1))
        target.set_shape((bins, frames, 1))
        condition.set_shape((len(conditions[0]),))
        return (mixture, condition), target

    signature = (tf.TensorSpec((), tf.int32), tf.TensorSpec((), tf.int32))
    dataset = tf.data.Dataset.from_generator(rows, output_signature=signature)
    return iter(dataset.map(shaped, num_parallel_calls=READERS).batch(batch_size).prefetch(2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="fewer batches")
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, READERS}), help="default: 1, one per core")
    arguments = parser.parse_args()
    params = load_params()
    plain = params.train.augmentation.model_copy(update={"probability": 0.0})
    settings = params.train.model_copy(update={"progressive": 0.0, "augmentation": plain})
    architecture, batches = training(params.model_copy(update={"train": settings}), ARCHITECTURE)
    ours, theirs, runs = (64, 8, 3) if arguments.short else (256, 32, 7)
    works = [lambda threads=threads: read(batches, ours, threads) for threads in arguments.threads]
    own = in_turn(works, runs)
    memory = own_peak()
    conditions = np.array(architecture.conditions, np.float32)
    peer = original(architecture.frames, architecture.bins, conditions, settings.batch_size)
    next(peer)
    both = in_turn([works[-1], lambda: [next(peer) for _ in range(theirs)]], runs)

    def rates(times: list[float], count: int) -> list[float]:
        return [count * settings.batch_size / time for time in times]

    sides = [
        Side(f"ours, {threads} threads", rates(times, ours), memory)
        for threads, times in zip(arguments.threads, own, strict=True)
    ]
    sides += [
        Side("ours, beside the original's", rates(both[0], ours)),
        Side("the original's way", rates(both[1], theirs), own_peak()),
    ]
    print(f"patches of {architecture.bins}x{architecture.frames}, {settings.batch_size} per batch")
    table(sides, "patches/s")
    *_, fast, slow = sides
    scaling = sides[len(arguments.threads) - 1].median / sides[0].median
    conclude("batches", fast.median, slow.median, fast.median / slow.median, threads=READERS, scaling=round(scaling, 2))


if __name__ == "__main__":
    main()
