"""Networks as they are kept: weights that the training wrote, or a whole network exported to Keras' format or ONNX."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cunet.errors import UserError
from cunet.models.architecture import WEIGHTS, Architecture

KERAS, ONNX = ".keras", ".onnx"


class OnnxNetwork:
    """A network that ONNX Runtime computes, called as one of Keras is: neither Keras nor a backend is needed."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        self._session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        self._inputs = [entry.name for entry in self._session.get_inputs()]

    def predict_on_batch(self, inputs: Any) -> npt.NDArray[np.float32]:
        """Estimates of a batch, from magnitudes or from magnitudes and conditions."""
        values = inputs if isinstance(inputs, list) else [inputs]
        (estimates,) = self._session.run(None, dict(zip(self._inputs, values, strict=True)))
        return np.asarray(estimates)


def load_networks(folder: Path) -> tuple[Architecture, dict[str, Any]]:
    """An architecture and its trained networks by name, in whichever form the folder has them.

    Raises:
        UserError: the folder has them in none.
    """
    architecture = Architecture.load(folder)
    for suffix, load in {WEIGHTS: _from_weights, KERAS: _from_keras, ONNX: _from_onnx}.items():
        files = {name: folder / f"{name}{suffix}" for name in architecture.networks}
        if all(path.is_file() for path in files.values()):
            return architecture, {name: load(architecture, name, path) for name, path in files.items()}
    raise UserError(f"{folder}: has no file {architecture.networks[0]}{WEIGHTS}, {KERAS} or {ONNX}")


def _from_weights(architecture: Architecture, name: str, path: Path) -> Any:
    from cunet.models.networks import build  # Keras takes seconds to import; what was exported to ONNX does without

    network = build(architecture, name)
    network.load_weights(path)
    return network


def _from_keras(architecture: Architecture, name: str, path: Path) -> Any:
    import keras

    return keras.models.load_model(path, compile=False)


def _from_onnx(architecture: Architecture, name: str, path: Path) -> Any:
    return OnnxNetwork(path)
