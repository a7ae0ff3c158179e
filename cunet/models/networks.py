"""The networks of an architecture, built with Keras."""

import re

import keras

from cunet.models.architecture import Architecture
from cunet.models.control import scaled
from cunet.models.unet import unet
from cunet.registry.controls import CONTROLS
from cunet.registry.films import FILMS
from cunet.variant import Variant


def build(architecture: Architecture, network: str) -> keras.Model:
    """A network with initial weights: magnitudes `(batch, bins, frames, 1)` in and out.

    Conditioned networks also take conditions `(batch, instruments)`.

    Args:
        architecture: architecture of the network.
        network: one of `architecture.networks`.

    Examples:
        >>> from cunet.models.architecture import Architecture
        >>> architecture = Architecture.model_validate(
        ...     {
        ...         "name": "complex-dense",
        ...         "instruments": ["bass", "vocals"],
        ...         "conditions": [[1, 0], [0, 1]],
        ...         "frames": 8,
        ...         "spectrogram": {"sample_rate": 8192, "window": 64, "hop": 48},
        ...         "unet": {"layers": 2, "filters": 4, "dropout": 0},
        ...         "controls": {"dense": {"complex": [4, 8]}, "dropout": 0},
        ...     }
        ... )
        >>> network = build(architecture, "complex-dense")
        >>> [tuple(tensor.shape) for tensor in (*network.inputs, *network.outputs)]
        [(None, 32, 8, 1), (None, 2), (None, 32, 8, 1)]
    """
    return (_conditioned if architecture.conditioned else _dedicated)(architecture, network)


def _dedicated(architecture: Architecture, network: str) -> keras.Model:
    mixture = keras.Input((architecture.bins, architecture.frames, 1), name="mixture")
    return keras.Model(mixture, unet(mixture, architecture.unet), name=_identifier(network))


def _conditioned(architecture: Architecture, network: str) -> keras.Model:
    variant = Variant.parse(architecture.name)
    mixture = keras.Input((architecture.bins, architecture.frames, 1), name="mixture")
    condition = keras.Input((len(architecture.instruments),), name="condition")
    widths = architecture.controls.widths[variant.control][variant.film]
    vector = scaled(CONTROLS[variant.control](condition, widths, architecture.controls.dropout))
    film = FILMS[variant.film]

    def modulate(x: keras.KerasTensor, block: str) -> keras.KerasTensor:
        if variant.placement != "both" and not block.startswith(variant.placement):
            return x
        return film(x, vector, block)

    return keras.Model([mixture, condition], unet(mixture, architecture.unet, modulate), name=_identifier(network))


def _identifier(name: str) -> str:
    """A name for a Keras model, valid as a scope of TensorFlow too."""
    return re.sub(r"[^A-Za-z0-9-]", "_", f"network {name}")
