"""Counts the cost of an architecture from the layers of its networks."""

import math

import keras
import numpy as np

from cunet.models.architecture import Architecture
from cunet.train.cost import Cost


def count(architecture: Architecture, network: keras.Model) -> Cost:
    """The cost of an architecture, from any of its networks, which all have the same layers."""
    seconds = architecture.frames * architecture.spectrogram.hop / architecture.spectrogram.sample_rate
    outputs = [layer.output for layer in network.layers]
    return Cost(
        networks=len(architecture.networks),
        weights=len(architecture.networks) * network.count_params(),
        multiply_adds=round(sum(map(_multiply_adds, network.layers)) / seconds),
        activations=sum(math.prod(output.shape[1:]) for output in outputs) * np.dtype(np.float32).itemsize,
    )


def _multiply_adds(layer: keras.layers.Layer) -> int:
    """Count each weight of a kernel once per position of the output, or of the input for transposed convolutions."""
    if isinstance(layer, keras.layers.Conv2DTranspose):
        positions = layer.input.shape[1:-1]
    elif isinstance(layer, keras.layers.Conv1D | keras.layers.Conv2D | keras.layers.Dense):
        positions = layer.output.shape[1:-1]
    else:
        return 0
    product: int = math.prod(positions) * math.prod(layer.kernel.shape)
    return product
