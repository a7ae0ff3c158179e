"""Files of networks: weights written by training, or whole networks exported to Keras' format or ONNX."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from cunet.errors import UserError
from cunet.extras import needs
from cunet.models.architecture import WEIGHTS, Architecture

if TYPE_CHECKING:  # takes seconds to import; networks exported to ONNX do without
    import keras

KERAS, ONNX = ".keras", ".onnx"
Magnitudes = npt.NDArray[np.float32]


class Network(Protocol):
    """The interface of a network that separation uses."""

    def predict_on_batch(self, inputs: Magnitudes | list[Magnitudes], /) -> Magnitudes:
        """Estimates `(batch, bins, frames, 1)`, from magnitudes of this shape, or from magnitudes and conditions."""


class OnnxNetwork:
    """A network run by ONNX Runtime, with the interface of Keras; neither Keras nor a backend is needed."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        self._session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        self._inputs = [entry.name for entry in self._session.get_inputs()]

    def predict_on_batch(self, inputs: Magnitudes | list[Magnitudes], /) -> Magnitudes:
        """Estimates of a batch, from magnitudes or from magnitudes and conditions."""
        values = inputs if isinstance(inputs, list) else [inputs]
        (estimates,) = self._session.run(None, dict(zip(self._inputs, values, strict=True)))
        return np.asarray(estimates)


def load_networks(folder: Path) -> tuple[Architecture, dict[str, Network]]:
    """An architecture and its trained networks by name, in any of the formats.

    Raises:
        UserError: the folder has no complete set of networks in any format.
    """
    architecture = Architecture.load(folder)
    for suffix, load in {WEIGHTS: _from_weights, KERAS: _from_keras, ONNX: _from_onnx}.items():
        files = _files(folder, architecture, suffix)
        if all(path.is_file() for path in files.values()):
            for path in files.values():
                architecture.check(path)
            return architecture, {name: load(architecture, name, path) for name, path in files.items()}
    raise UserError(f"{folder}: no file {architecture.networks[0]}{WEIGHTS}, {KERAS} or {ONNX}")


def load_trained(folder: Path) -> tuple[Architecture, dict[str, "keras.Model"]]:
    """An architecture and its networks by name, from a folder written by training."""
    architecture = Architecture.load(folder)
    files = _files(folder, architecture, WEIGHTS)
    for path in files.values():
        architecture.check(path)
    return architecture, {name: _from_weights(architecture, name, path) for name, path in files.items()}


def _files(folder: Path, architecture: Architecture, suffix: str) -> dict[str, Path]:
    return {name: folder / f"{name}{suffix}" for name in architecture.networks}


def _from_weights(architecture: Architecture, name: str, path: Path) -> "keras.Model":
    with needs("train"):
        from cunet.models.networks import build

    network = build(architecture, name)
    network.load_weights(path)
    return network


def _from_keras(architecture: Architecture, name: str, path: Path) -> Network:
    with needs("train"):
        import keras

    network: Network = keras.models.load_model(path, compile=False)
    return network


def _from_onnx(architecture: Architecture, name: str, path: Path) -> Network:
    return OnnxNetwork(path)
