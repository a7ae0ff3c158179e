"""Notes of trainings that DVC, or MLflow, does not have yet, in the folder of the checkpoints."""

import glob
import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cunet.files import put_in_place, workspace
from cunet.layout import CHECKPOINTS

UNLOGGED = "unlogged"  # no architecture is called so
TRAINING_NOTE = "mlflow_run.json"


@dataclass
class Note:
    """What is known of a run.

    Attributes:
        run: ID in MLflow, if it was started.
        identity: of the training.
        model: fingerprint of the trained model, once the training is finished.
        metrics: of the whole training, once it is finished.
    """

    run: str = ""
    identity: str = ""
    model: str = ""
    metrics: dict[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Note":
        """The note in a file; an empty one if there is none that can be read."""
        try:
            return cls(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            return cls()

    def write(self, path: Path) -> None:
        """Write the note; a kill leaves the old or the new one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(asdict(self)))
        put_in_place(part, path)


def delete(path: Path) -> None:
    """Delete a note, and its folder if nothing else is in it."""
    path.unlink(missing_ok=True)
    with suppress(OSError):
        path.parent.rmdir()


def note_of_training(checkpoints: Path) -> Path:
    """File of the note of a training whose checkpoints are there."""
    return checkpoints / TRAINING_NOTE


def forget_training(architecture: str, model: str) -> None:
    """Delete the checkpoints of the training that ended in a model, once DVC has the model.

    Until then they must stay: DVC deletes an output that it does not know, and runs the stage again.

    Args:
        architecture: name of the architecture.
        model: fingerprint of the model.
    """
    for path in CHECKPOINTS.glob(f"{glob.escape(architecture)}/*/{TRAINING_NOTE}"):
        if Note.read(path).model == model:
            for file in sorted(path.parent.iterdir(), key=path.__eq__):  # the note last, so that a kill leaves it
                file.unlink()
            path.parent.rmdir()
            with suppress(OSError):  # of other seeds
                path.parent.parent.rmdir()


def note_of_model(fingerprint: str) -> Path:
    """File of the note of a finished training that could not be logged; queued experiments share it.

    Args:
        fingerprint: of the trained model.
    """
    return workspace() / CHECKPOINTS / UNLOGGED / f"{fingerprint}.json"
