"""Batches of patches from disk, in patches per second: this project compared with the original code.

    python -m benchmarks.batches [--short] [--threads N ...]

The original (gabolsgabs/cunet) keeps the complex spectrograms of all tracks in memory; a Python generator and a
`tf.py_function` make one patch at a time, and TensorFlow batches them. Here, threads read whole batches from files.
Both sides use the same patches and conditions, without augmentation or scaling, and run in turn.
"""

import argparse
import copy
import gc
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import numpy as np

from benchmarks.measure import Side, conclude, in_turn, own_peak, seconds, table
from benchmarks.workspace import INDEXES, SPECTROGRAMS, training
from cunet.params import load_params
from cunet.preprocess.indexes import TRAINING, read_index
from cunet.preprocess.spectrogram import TrackSpectrograms, track_files
from cunet.train.batches import READERS, TrainingBatches

ARCHITECTURE = "simple-dense-pairs"


def read(batches: TrainingBatches, count: int, threads: int) -> None:
    """Make batches and discard them."""
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(lambda number: batches[number][1].shape, number) for number in range(count)]:
            done.result()


def original(frames: int, conditions: np.ndarray, batch_size: int) -> Any:
    """An infinite dataset of batches, made by the steps of the original's `data_loader.py`.

    The generator yields all sources of a patch, which are copied for scaling even if none is scaled.
    """
    import tensorflow as tf

    data = {}
    for path in track_files(SPECTROGRAMS):
        track = TrackSpectrograms(path)
        spectrograms = [*(track.source(name) for name in track.instruments), track.mixture()]
        data[track.name] = np.stack(spectrograms, axis=-1) / np.float32(track.peak)
    index = read_index(INDEXES / TRAINING)
    names, starts = index["track"].to_numpy(), index["frame"].to_numpy()

    def patches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        rng = np.random.default_rng(0)
        while True:
            row = rng.integers(len(names))
            yield data[names[row]][:, starts[row] : starts[row] + frames], rng.choice(conditions)

    def magnitudes(patch: Any, condition: Any) -> tuple[np.ndarray, np.ndarray]:
        spectrograms = patch.numpy()
        wanted = [copy.deepcopy(spectrograms)[..., source] for source in np.flatnonzero(condition.numpy())]
        target = wanted[0] if len(wanted) == 1 else np.sum(wanted, axis=0)
        return tuple(np.abs(spectrogram[:-1, :, None]) for spectrogram in (spectrograms[..., -1], target))

    def inputs(patch: Any, condition: Any) -> Any:
        mixture, target = tf.py_function(magnitudes, [patch, condition], (tf.float32, tf.float32))
        return (mixture, condition), target

    signature = (tf.TensorSpec(None, tf.complex64), tf.TensorSpec(None, tf.float32))
    dataset = tf.data.Dataset.from_generator(patches, output_signature=signature)
    return dataset.map(inputs, num_parallel_calls=tf.data.AUTOTUNE).batch(batch_size).prefetch(tf.data.AUTOTUNE)


def _read_original(dataset: Any, count: int) -> float:
    """Seconds for some batches after the first."""
    batches = iter(dataset)
    next(batches)
    return seconds(lambda: [None for _ in islice(batches, count)])


def _end_of_original() -> None:
    """Wait for TensorFlow's read-ahead threads to end after their iterator: they would slow down the next run."""
    gc.collect()
    time.sleep(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="fewer batches")
    parser.add_argument(
        "--threads",
        type=int,
        nargs="+",
        default=sorted({1, READERS}),
        help="numbers of threads (default: 1, and one per core up to 8)",
    )
    arguments = parser.parse_args()
    params = load_params()
    plain = params.train.augmentation.model_copy(update={"probability": 0.0})
    settings = params.train.model_copy(update={"progressive": 0.0, "augmentation": plain})
    architecture, batches = training(params.model_copy(update={"train": settings}), ARCHITECTURE)
    ours, theirs, runs = (64, 32, 3) if arguments.short else (256, 128, 7)
    works = [lambda threads=threads: read(batches, ours, threads) for threads in arguments.threads]
    own = in_turn(works, runs)
    memory = own_peak()
    conditions = np.array(architecture.conditions, np.float32)
    peer = original(architecture.frames, conditions, settings.batch_size)
    both = []
    for _ in range(runs):
        both.append((seconds(works[-1]), _read_original(peer, theirs)))
        _end_of_original()

    def rates(times: list[float], count: int) -> list[float]:
        return [count * settings.batch_size / time for time in times]

    sides = [
        Side(f"ours, {threads} threads", rates(times, ours), memory)
        for threads, times in zip(arguments.threads, own, strict=True)
    ]
    sides += [
        Side("ours, in turn with the original", rates([times[0] for times in both], ours)),
        Side("original", rates([times[1] for times in both], theirs), own_peak()),
    ]
    print(f"patches of {architecture.bins}x{architecture.frames}, {settings.batch_size} per batch")
    table(sides, "patches/s")
    *_, fast, slow = sides
    scaling = sides[len(arguments.threads) - 1].median / sides[0].median
    conclude(
        "batches",
        fast.median,
        slow.median,
        fast.median / slow.median,
        threads=arguments.threads[-1],
        scaling=round(scaling, 2),
    )


if __name__ == "__main__":
    main()
