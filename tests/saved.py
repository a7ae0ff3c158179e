"""Models with weights as they are drawn: estimates mean nothing, and differ from condition to condition."""

from pathlib import Path

import keras
import pandas as pd

from cunet.models.architecture import Architecture, weights_file
from cunet.models.networks import build
from cunet.train.counting import count
from cunet.train.fit import describe, provenance
from cunet.train.history import write_history
from tests.conftest import SINGLES, tiny_params


def save_model(folder: Path, name: str = "simple-dense", seed: int = 0, conditions: pd.DataFrame = SINGLES) -> Path:
    """What a training leaves that is needed to separate."""
    params = tiny_params()
    architecture = describe(params, name, conditions)
    folder.mkdir(parents=True)
    keras.utils.set_random_seed(seed)
    for network in architecture.networks:
        model = build(architecture, network)
        kernel, bias = model.get_layer("mask").get_weights()
        model.get_layer("mask").set_weights([4 * kernel, bias])  # masks that differ from bin to bin
        model.save_weights(weights_file(folder, network))
    architecture.save(folder)
    return folder


def whole_model(folder: Path, name: str, prepared: Path) -> Path:
    """All that a training leaves."""
    save_model(folder, name)
    params, architecture = tiny_params(), Architecture.load(folder)
    count(architecture, build(architecture, architecture.networks[0])).save(folder)
    row = {"epoch": 1, "train_loss": 0.1, "validation_loss": 0.1, "learning_rate": 0.1}
    described = provenance(params, architecture, 7, prepared / "train", prepared / "indexes")
    write_history({network: [row] for network in architecture.networks}, described, folder)
    return folder
