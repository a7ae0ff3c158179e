"""Patches a second: reading batches against training on them, with the parameters and the data of this workspace.

    python benchmarks/throughput.py [--architecture NAME] [--filters N] [--batches N]

Reading should be the faster by far, or the training waits for the disk. Both are measured in one run.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from cunet.params import load_params
from cunet.preprocess.conditions import build_conditions
from cunet.preprocess.indexes import TRAINING, read_index
from cunet.preprocess.spectrogram import TrackSpectrograms, track_files
from cunet.train.batches import PatchReader, TrainingBatches
from cunet.train.fit import compile_network, describe
from cunet.variant import conditions_of

INDEXES, SPECTROGRAMS = Path("data/indexes"), Path("data/spectrograms/train")


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def read(batches: TrainingBatches) -> None:
    for number in range(batches.num_batches):
        batches[number]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--architecture", default="simple-dense-pairs", help="as in baselines of params.yaml")
    parser.add_argument("--filters", type=int, help="of the first layer, instead of unet.filters")
    parser.add_argument("--batches", type=int, default=32)
    arguments = parser.parse_args()
    params = load_params()
    size = params.train.batch_size
    settings = params.train.model_copy(update={"batches_per_epoch": arguments.batches})
    with TrackSpectrograms(track_files(SPECTROGRAMS)[0]) as track:
        conditions = build_conditions(track.instruments, params.condition_sets[conditions_of(arguments.architecture)])
    architecture = describe(params, arguments.architecture, conditions)
    if arguments.filters:
        unet = architecture.unet.model_copy(update={"filters": arguments.filters})
        architecture = architecture.model_copy(update={"unet": unet})
    index = read_index(INDEXES / TRAINING)
    reader = PatchReader(index, conditions, SPECTROGRAMS, architecture.bins, architecture.frames)
    batches = TrainingBatches(reader, architecture.conditioned, settings, seed=0, epoch=0)
    model = architecture.build(architecture.networks[0])
    compile_network(model, params.train)
    model.train_on_batch(*batches[0])  # traces the graph, and warms the cache of the disk

    patches = arguments.batches * size
    reading = patches / seconds(lambda: read(batches))
    training = patches / seconds(lambda: model.fit(batches, shuffle=False, verbose=0))
    print(f"{architecture.name}, {architecture.unet.filters} filters, {model.count_params():,} weights")
    print(f"reading, one thread:  {reading:7.1f} patches/s")
    print(f"training and reading: {training:7.1f} patches/s")
    print(f"reading / training:   {reading / training:7.1f}")


if __name__ == "__main__":
    main()
