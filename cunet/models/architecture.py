"""Architectures by name, and what travels with their weights: everything needed to build and feed them."""

import re
from pathlib import Path
from typing import Any

import keras

from cunet.models.control import CONTROLS, gamma_and_beta
from cunet.models.film import film
from cunet.models.unet import unet
from cunet.params import Controls, Section, Spectrogram, Unet
from cunet.variant import DEDICATED, ConditionedUnet

DESCRIPTION = "architecture.json"


class Architecture(Section):
    """A complete description of an architecture: constructor arguments, conditions and spectrogram settings.

    `conditions` are those that it is trained on: weights in [0, 1], one an instrument.
    """

    name: str
    instruments: tuple[str, ...]
    conditions: tuple[tuple[float, ...], ...]
    frames: int
    spectrogram: Spectrogram
    unet: Unet
    controls: Controls

    @property
    def bins(self) -> int:
        """Frequency bins that the networks see."""
        return self.spectrogram.bins

    @property
    def conditioned(self) -> bool:
        """Whether one network serves all instruments, told by a condition."""
        return self.name != DEDICATED

    @property
    def networks(self) -> tuple[str, ...]:
        """Names of its networks: the architecture's own, or one an instrument for dedicated models."""
        return (self.name,) if self.conditioned else self.instruments

    def build(self, network: str) -> keras.Model:
        """A network with fresh weights: magnitudes `(batch, bins, frames, 1)` in and out.

        Conditioned networks also take conditions `(batch, instruments)`.
        """
        build = _conditioned if self.conditioned else _dedicated
        return build(self, network)

    def save(self, folder: Path) -> None:
        """Write the description beside the weights."""
        (folder / DESCRIPTION).write_text(self.model_dump_json(indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "Architecture":
        """Read the description that `save` wrote."""
        return cls.model_validate_json((folder / DESCRIPTION).read_text())


def weights_file(folder: Path, network: str) -> Path:
    """Where the weights of a network are kept in the folder of its architecture."""
    return folder / f"{network}.weights.h5"


def load_networks(folder: Path) -> tuple[Architecture, dict[str, keras.Model]]:
    """An architecture and its trained networks by name."""
    architecture = Architecture.load(folder)
    networks = {name: architecture.build(name) for name in architecture.networks}
    for name, network in networks.items():
        network.load_weights(weights_file(folder, name))
    return architecture, networks


def _dedicated(architecture: Architecture, network: str) -> keras.Model:
    mixture = keras.Input((architecture.bins, architecture.frames, 1), name="mixture")
    return keras.Model(mixture, unet(mixture, architecture.unet), name=_identifier(network))


def _conditioned(architecture: Architecture, network: str) -> keras.Model:
    variant = ConditionedUnet.parse(architecture.name)
    mixture = keras.Input((architecture.bins, architecture.frames, 1), name="mixture")
    condition = keras.Input((len(architecture.instruments),), name="condition")
    widths: list[int] = getattr(getattr(architecture.controls, variant.control), variant.film)
    vector = CONTROLS[variant.control](condition, widths, architecture.controls.dropout)

    def modulate(x: Any, block: str) -> Any:
        if variant.placement != "both" and not block.startswith(variant.placement):
            return x
        return film(x, *gamma_and_beta(vector, variant.film, block, x.shape[-1]), block)

    return keras.Model([mixture, condition], unet(mixture, architecture.unet, modulate), name=_identifier(network))


def _identifier(name: str) -> str:
    """A name for a Keras model, which is a scope of TensorFlow's as well."""
    return re.sub(r"[^A-Za-z0-9-]", "_", f"network {name}")
