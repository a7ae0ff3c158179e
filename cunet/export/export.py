"""Export of a trained model: whole networks as Keras or ONNX files, with everything needed to use them."""

import shutil
import warnings
from pathlib import Path
from typing import Literal

import keras

from cunet.errors import UserError
from cunet.export.card import CARD, model_card
from cunet.files import commit, new_folder
from cunet.layout import results_of
from cunet.masking.saved import KERAS, ONNX, load_trained
from cunet.models.architecture import WEIGHTS, Architecture
from cunet.quiet import quiet
from cunet.train.history import PROVENANCE

Form = Literal["keras", "onnx"]


def export(model: Path, form: Form, out: Path) -> list[Path]:
    """Write a model to the folder `out`: `<network>.keras` or `<network>.onnx`, description, provenance, model card.

    `cunet.load_model` loads it like any other model. For other programs, `architecture.json` has the settings of the
    spectrogram and the order of the instruments in a condition.

    Args:
        model: folder written by training.
        form: format of the networks.
        out: new folder.

    Returns:
        the files.

    Raises:
        UserError: the model is an export itself, or `out` exists or cannot be created.
    """
    if out.exists():
        raise UserError(f"{out}: already exists. Remove it, or choose another --out.")
    if not out.parent.is_dir():
        raise UserError(f"{out.parent}: no such folder. Create it, or choose another --out.")
    if not list(model.glob(f"*{WEIGHTS}")):
        raise UserError(f"{model}: is an exported model. Export the folder written by training instead.")
    architecture, networks = load_trained(model)
    with new_folder(out) as folder:
        for name, network in networks.items():
            if form == "keras":
                network.save(folder / f"{name}{KERAS}")
            else:
                _to_onnx(architecture, network, folder / f"{name}{ONNX}")
        architecture.save(folder)
        shutil.copyfile(model / PROVENANCE, folder / PROVENANCE)
        card = model / CARD
        (folder / CARD).write_text(
            card.read_text() if card.exists() else model_card(model, results_of(model), commit(), form)
        )
    return sorted(out.iterdir())


def _to_onnx(architecture: Architecture, network: keras.Model, path: Path) -> None:
    """Write ONNX; inputs are called `mixture` and `condition`, and their first axis is a batch of any size."""
    signature = [keras.InputSpec("float32", (None, *entry.shape[1:]), name=entry.name) for entry in network.inputs]
    if keras.backend.backend() != "tensorflow":
        raise UserError("ONNX export needs TensorFlow. Unset KERAS_BACKEND; the weights are the same.")
    # TensorFlow's graph optimiser writes to standard error at any log level, and NumPy warns about Keras.
    with quiet(), warnings.catch_warnings(action="ignore"):
        network.export(
            path, format="onnx", verbose=False, input_signature=[signature] if architecture.conditioned else signature
        )
