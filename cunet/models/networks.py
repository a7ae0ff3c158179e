"""The networks of an architecture, built with Keras."""

import re
from typing import Any

import keras

from cunet.models.architecture import Architecture
from cunet.models.control import CONTROLS, gamma_and_beta, scaled
from cunet.models.film import film
from cunet.models.unet import unet
from cunet.variant import ConditionedUnet


def build(architecture: Architecture, network: str) -> keras.Model:
    """See `Architecture.build`."""
    return (_conditioned if architecture.conditioned else _dedicated)(architecture, network)


def _dedicated(architecture: Architecture, network: str) -> keras.Model:
    mixture = keras.Input((architecture.bins, architecture.frames, 1), name="mixture")
    return keras.Model(mixture, unet(mixture, architecture.unet), name=_identifier(network))


def _conditioned(architecture: Architecture, network: str) -> keras.Model:
    variant = ConditionedUnet.parse(architecture.name)
    mixture = keras.Input((architecture.bins, architecture.frames, 1), name="mixture")
    condition = keras.Input((len(architecture.instruments),), name="condition")
    widths: list[int] = getattr(getattr(architecture.controls, variant.control), variant.film)
    vector = scaled(CONTROLS[variant.control](condition, widths, architecture.controls.dropout))

    def modulate(x: Any, block: str) -> Any:
        if variant.placement != "both" and not block.startswith(variant.placement):
            return x
        return film(x, *gamma_and_beta(vector, variant.film, block, x.shape[-1]), block)

    return keras.Model([mixture, condition], unet(mixture, architecture.unet, modulate), name=_identifier(network))


def _identifier(name: str) -> str:
    """A name for a Keras model, which is a scope of TensorFlow's as well."""
    return re.sub(r"[^A-Za-z0-9-]", "_", f"network {name}")
