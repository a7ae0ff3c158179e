"""A note beside the checkpoints of a training: its run in MLflow, and what could not be logged yet."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cunet.layout import checkpoints_of
from cunet.store import fingerprint
from cunet.train.history import read_provenance


@dataclass
class Note:
    """What is known of a run before all of it is logged.

    Attributes:
        run: ID in MLflow, if it was started.
        identity: of the training.
        model: fingerprint of the trained model, once there is one.
        metrics: of the whole training.
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
        part.replace(path)

    def delete(self, path: Path) -> None:
        """Delete the file of the note, and its folder if nothing else is in it."""
        path.unlink(missing_ok=True)
        with suppress(OSError):
            path.parent.rmdir()


def note_file(checkpoints: Path) -> Path:
    """Where the note of a training is kept, in the folder of its checkpoints."""
    return checkpoints / "mlflow_run.json"


def unlogged(model: Path) -> tuple[Note, Path]:
    """The note of the training of a model, empty if all of it is logged, and the file of the note."""
    provenance = read_provenance(model)
    path = note_file(checkpoints_of(provenance["architecture"], provenance["seed"]))
    note = Note.read(path)
    return note if note.model == fingerprint(model) else Note(), path
