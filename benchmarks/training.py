"""Training speed in patches per second: real batches, conditioned networks, and the same U-Net in PyTorch.

    python -m benchmarks.training [--short] [--peers PYTHON] [--filters N] [--frames N] [--batch N] [--precision P]

Runs in turn: `fit` on real batches and on one constant batch, for a dedicated and the conditioned network; after
`make peers`, also a step of the dedicated network in PyTorch, with tensors in channels_last order. KERAS_BACKEND
selects the backend, so that the same comparison runs on a GPU. The share of the machine's limit is the rate of the
multiply-adds of a training step, three times those of the network, over the rate of a matrix product.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np

from benchmarks.measure import Side, conclude, in_turn, matmul_rate, own_peak, seconds, table
from benchmarks.workspace import training
from cunet.models.networks import build
from cunet.params import Params, load_params
from cunet.train.batches import Batch
from cunet.train.counting import count
from cunet.train.devices import training_devices
from cunet.train.fit import compile_network

DEDICATED = "unet"


class Constant(keras.utils.PyDataset):
    """The same batch, repeated."""

    def __init__(self, batch: Batch, batches: int) -> None:
        super().__init__(workers=1, max_queue_size=2)
        self._batch, self._batches = batch, batches

    @property
    def num_batches(self) -> int:
        return self._batches

    def __getitem__(self, number: int) -> Batch:
        return self._batch


def fits(params: Params, name: str) -> tuple[Any, Any, float]:
    """Two functions, `fit` on real batches and on a constant one, and the GFLOP of a training step per patch."""
    architecture, batches = training(params, name)
    with training_devices(params.train):
        model = build(architecture, architecture.networks[0])
        compile_network(model, params.train, architecture.spectrogram, 1)
    constant = Constant(batches[0], batches.num_batches)
    second = architecture.frames * architecture.spectrogram.hop / architecture.spectrogram.sample_rate
    operations = 3 * 2e-9 * count(architecture, model).multiply_adds * second

    def fit(data: keras.utils.PyDataset) -> None:
        model.fit(data, shuffle=False, verbose=0)

    return (lambda: fit(batches)), (lambda: fit(constant)), operations


class Peer:
    """The dedicated network in PyTorch, in its own process, which trains on command."""

    def __init__(self, python: str, params: Params, steps: int) -> None:
        unet = params.unet
        shape = (params.spectrogram.bins, params.patch.frames, unet.layers, unet.filters)
        arguments = [*shape, params.train.batch_size, steps, unet.dropout]
        command = [python, "benchmarks/peers.py", "training", *map(str, arguments)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.memory = 0.0

    def __call__(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self.memory = float(self._process.stdout.readline() or sys.exit("the peer failed"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="fewer batches")
    parser.add_argument(
        "--peers", default="peers/bin/python", help="Python with PyTorch; optional (default: %(default)s)"
    )
    parser.add_argument(
        "--conditioned", default="simple-dense-pairs", help="conditioned network (default: %(default)s)"
    )
    parser.add_argument("--filters", type=int, help="filters of the first layer (default: unet.filters)")
    parser.add_argument("--frames", type=int, help="frames per patch (default: patch.frames)")
    parser.add_argument("--batch", type=int, help="patches per batch (default: train.batch_size)")
    parser.add_argument("--precision", default="float32", help="as train.precision (default: %(default)s)")
    parser.add_argument("--batches", type=int, help="batches per run (default: 24; with --short, 8)")
    arguments = parser.parse_args()
    params, runs = load_params(), 3 if arguments.short else 7
    batches = arguments.batches or (8 if arguments.short else 24)
    changed = {"batch_size": arguments.batch or params.train.batch_size, "precision": arguments.precision}
    params = params.model_copy(
        update={
            "train": params.train.model_copy(update=changed | {"batches_per_epoch": batches}),
            "unet": params.unet.model_copy(update={"filters": arguments.filters or params.unet.filters}),
            "patch": params.patch.model_copy(update={"frames": arguments.frames or params.patch.frames}),
        }
    )
    real, constant, operations = fits(params, DEDICATED)
    conditioned_real, conditioned, _ = fits(params, arguments.conditioned)
    works = {
        f"{DEDICATED}, real batches": real,
        f"{DEDICATED}, a constant batch": constant,
        f"{arguments.conditioned}, real batches": conditioned_real,
        f"{arguments.conditioned}, a constant batch": conditioned,
    }
    peer = Peer(arguments.peers, params, batches) if Path(arguments.peers).exists() else None
    if peer:
        works["PyTorch, channels_last, a constant batch"] = peer
    times = in_turn(list(works.values()), runs)
    patches = batches * params.train.batch_size
    sides = [Side(name, [patches / time for time in own], own_peak()) for name, own in zip(works, times, strict=True)]
    shape = f"{params.spectrogram.bins}x{params.patch.frames}"
    print(
        f"Keras on {keras.backend.backend()}, {arguments.precision}; {params.unet.filters} filters in the first layer; "
        f"{shape} patches, {params.train.batch_size} per batch"
    )
    table(sides, "patches/s")
    medians = [side.median for side in sides]

    def paired(first: int, second: int) -> float:
        """The median ratio of paired runs."""
        return float(np.median(np.array(times[second]) / np.array(times[first])))

    figures = {
        "real to constant": paired(0, 1),
        "real to constant, conditioned": paired(2, 3),
        "conditioned to dedicated": paired(3, 1),
        "GFLOP/s": medians[1] * operations,
        "share of the matrix product": medians[1] * operations / product_rate(arguments.precision),
    }
    rounded = {name: round(value, 3) for name, value in figures.items()}
    if peer:
        sides[-1] = Side(sides[-1].name, sides[-1].figures, peer.memory)
        conclude("training", medians[1], medians[4], paired(1, 4), **rounded)
    else:
        conclude("training", medians[0], medians[1], paired(0, 1), **rounded)


def product_rate(precision: str) -> float:
    """GFLOP/s of the backend's matrix product in the precision of the layers."""
    if keras.backend.backend() == "tensorflow":
        return matmul_rate()
    size, times = 8192, 10
    dtype = precision.removeprefix("mixed_")
    matrix = keras.ops.cast(keras.random.normal((size, size)), dtype)

    def multiply() -> None:
        result = matrix
        for _ in range(times):
            result = keras.ops.matmul(matrix, result)
        keras.ops.convert_to_numpy(result[:1, :1])

    multiply()
    return 2e-9 * size**3 * times / min(seconds(multiply) for _ in range(3))


if __name__ == "__main__":
    main()
