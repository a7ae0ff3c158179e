"""What an architecture costs, counted from its layers: the same on every machine."""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import keras
import numpy as np

from cunet.models.architecture import Architecture

FILE = "cost.json"


@dataclass(frozen=True)
class Cost:
    """Of all networks of an architecture together, but for what one target takes.

    Attributes:
        networks: how many there are.
        weights: of all networks.
        multiply_adds: of convolutions and fully connected layers, for a second of one target.
        activations: bytes that the outputs of all layers take, for one patch.
    """

    networks: int
    weights: int
    multiply_adds: int
    activations: int

    def save(self, folder: Path) -> None:
        """Write it beside the weights."""
        (folder / FILE).write_text(json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        return cls(**json.loads((folder / FILE).read_text()))


def cost(architecture: Architecture, network: keras.Model) -> Cost:
    """The cost of an architecture, from any of its networks, which are all alike."""
    seconds = architecture.frames * architecture.spectrogram.hop / architecture.spectrogram.sample_rate
    outputs = [layer.output for layer in network.layers]
    return Cost(
        networks=len(architecture.networks),
        weights=len(architecture.networks) * network.count_params(),
        multiply_adds=round(sum(map(_multiply_adds, network.layers)) / seconds),
        activations=sum(math.prod(output.shape[1:]) for output in outputs) * np.dtype(np.float32).itemsize,
    )


def _multiply_adds(layer: keras.layers.Layer) -> int:
    """Every weight of a kernel is used once a position: of the output, or of the input of a transposed convolution."""
    if isinstance(layer, keras.layers.Conv2DTranspose):
        positions = layer.input.shape[1:-1]
    elif isinstance(layer, keras.layers.Conv1D | keras.layers.Conv2D | keras.layers.Dense):
        positions = layer.output.shape[1:-1]
    else:
        return 0
    count: int = math.prod(positions) * math.prod(layer.kernel.shape)
    return count
