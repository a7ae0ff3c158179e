"""Architectures of tiny networks, and what their networks give."""

import keras
import numpy as np

from cunet.models.architecture import Architecture
from cunet.params import Params

INSTRUMENTS = ("bass", "drums", "lead guitar")

CONDITIONED = ["simple-dense", "simple-conv", "complex-dense", "complex-conv"]

ORIGINAL = ["unet", *CONDITIONED]

PLACED = ["simple-dense", "complex-dense-decoder", "simple-conv-both-pairs"]


def describe(params: Params, name: str, **changes: object) -> Architecture:
    return Architecture(
        name=name,
        instruments=INSTRUMENTS,
        conditions=((1, 0, 0), (0, 1, 0), (0, 0, 1)),
        frames=params.patch.frames,
        spectrogram=params.spectrogram,
        unet=params.unet,
        controls=params.controls,
    ).model_copy(update=changes)


def inputs(architecture: Architecture, batch: int = 2) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    patches = rng.uniform(size=(batch, architecture.bins, architecture.frames, 1)).astype(np.float32)
    return [patches, np.eye(len(architecture.instruments), dtype=np.float32)[:batch]]


def run(network: keras.Model, patches: np.ndarray, conditions: np.ndarray) -> np.ndarray:
    arguments = [patches, conditions] if len(network.inputs) == 2 else patches
    return np.asarray(network.predict_on_batch(arguments))
