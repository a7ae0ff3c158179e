"""Models with all that a training leaves."""

from pathlib import Path

from cunet.models.architecture import Architecture
from cunet.models.networks import build
from cunet.train.counting import count
from cunet.train.fit import provenance
from cunet.train.history import write_history
from tests.conftest import tiny_params
from tests.saved import save_model


def whole_model(folder: Path, name: str, prepared: Path) -> Path:
    """All that a training leaves."""
    save_model(folder, name)
    params, architecture = tiny_params(), Architecture.load(folder)
    count(architecture, build(architecture, architecture.networks[0])).save(folder)
    row = {"epoch": 1, "train_loss": 0.1, "validation_loss": 0.1, "learning_rate": 0.1}
    described = provenance(params, architecture, 7, prepared / "train", prepared / "indexes")
    write_history({network: [row] for network in architecture.networks}, described, folder)
    return folder
