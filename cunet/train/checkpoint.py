"""Checkpoints from which a killed training resumes exactly, in one HDF5 file per network."""

import hashlib
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import numpy.typing as npt

from cunet.errors import UserError, first_line, is_out_of_memory
from cunet.files import DAMAGES, put_in_place

Arrays = list[npt.NDArray[Any]]
# State of the callbacks between epochs, besides the best weights.
MEMORY = {
    keras.callbacks.EarlyStopping: ("wait", "best", "best_epoch", "stopped_epoch"),
    keras.callbacks.ReduceLROnPlateau: ("wait", "best", "cooldown_counter"),
}


@dataclass
class TrainingState:
    """State of a training at the end of an epoch."""

    epochs: int = 0
    seconds: float = 0.0
    finished: bool = False
    history: list[dict[str, float]] = field(default_factory=list)
    memory: dict[str, dict[str, float]] = field(default_factory=dict)
    variables: Arrays = field(default_factory=list)
    best_weights: Arrays = field(default_factory=list)


def save(path: Path, state: TrainingState, identity: str) -> None:
    """Write a state, and keep the one before: a kill or a power failure at any moment leaves one of them intact."""
    part = path.with_suffix(".part")
    described = {name: getattr(state, name) for name in ("epochs", "seconds", "finished", "history", "memory")}
    with h5py.File(part, "w") as file:
        file.attrs["state"] = json.dumps(described)
        file.attrs["identity"] = identity
        for group in ("variables", "best_weights"):
            for number, array in enumerate(getattr(state, group)):
                file[f"{group}/{number}"] = array
        file.attrs["sha256"] = _digest(file)
    if path.exists():
        path.replace(_previous(path))
    put_in_place(part, path)


def load(path: Path, identity: str) -> TrainingState:
    """The latest intact state of the training with this identity; an initial one if there is none.

    A damaged file is deleted, with a warning.

    Raises:
        UserError: a file cannot be read now, but may be intact.
    """
    for place in filter(Path.exists, (path, _previous(path))):
        try:
            found, state = _read(place)
        except DAMAGES as error:
            if getattr(error, "errno", None):  # of the system; HDF5's errors of other contents have none
                raise UserError(f"{place}: cannot be read ({first_line(error)}). Run the same command again.") from None
            if is_out_of_memory(error):
                raise
            reason = first_line(error)
            print(f"warning: {place}: damaged ({reason}). Training resumes from an earlier state.", file=sys.stderr)
            place.unlink()
            continue
        return state if found == identity else TrainingState()
    return TrainingState()


def _previous(path: Path) -> Path:
    return path.with_suffix(".previous")


def _read(path: Path) -> tuple[str, TrainingState]:
    """Identity and state in a file."""
    with h5py.File(path, "r") as file:
        if file.attrs["sha256"] != _digest(file):
            raise ValueError("its checksum is wrong")
        state = TrainingState(**json.loads(file.attrs["state"]))
        state.variables = _arrays(file["variables"]) if "variables" in file else []
        state.best_weights = _arrays(file["best_weights"]) if "best_weights" in file else []
        return str(file.attrs["identity"]), state


def _digest(file: h5py.File) -> str:
    """Checksum of all that a state consists of."""
    digest = hashlib.sha256(f"{file.attrs['identity']}\0{file.attrs['state']}\0".encode())
    for group in sorted(file):
        for array in _arrays(file[group]):
            digest.update(f"{group}\0{array.dtype}\0{array.shape}\0".encode() + array.tobytes())
    return digest.hexdigest()


def _arrays(group: h5py.Group) -> Arrays:
    return [group[str(number)][()] for number in range(len(group))]


class Checkpoint(keras.callbacks.Callback):
    """Saves the training after each epoch, and restores it at the start of the next fit.

    Variables include those of the optimizer (with its learning rate) and of the random generators.
    It must be the last callback, because the others reset their state at the start of a fit.
    """

    def __init__(
        self, path: Path, identity: str, state: TrainingState, epochs: int, others: list[keras.callbacks.Callback]
    ) -> None:
        super().__init__()
        self._path, self._identity, self._state, self._epochs = path, identity, state, epochs
        self._others = {type(callback).__name__: callback for callback in others if type(callback) in MEMORY}
        self._stopping = next(callback for callback in others if isinstance(callback, keras.callbacks.EarlyStopping))

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Restore the state after the last epoch."""
        self._start = time.perf_counter()
        if not self._state.epochs:
            return
        for variable, value in zip(self._variables(), self._state.variables, strict=True):
            variable.assign(value)
        for name, memory in self._state.memory.items():
            for attribute, remembered in memory.items():
                setattr(self._others[name], attribute, remembered)
        self._stopping.best_weights = self._state.best_weights

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Save the state that the next epoch starts from."""
        logs = logs or {}
        self._state.epochs = epoch + 1
        self._state.seconds += time.perf_counter() - self._start
        self._start = time.perf_counter()
        self._state.finished = self.model.stop_training or self._state.epochs == self._epochs
        self._state.history.append(
            {
                "epoch": epoch + 1,
                "train_loss": float(logs["loss"]),
                "validation_loss": float(logs["val_loss"]),
                "learning_rate": float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)),
            }
        )
        self._state.memory = {
            name: {attribute: float(getattr(callback, attribute)) for attribute in MEMORY[type(callback)]}
            for name, callback in self._others.items()
        }
        self._state.variables = [np.asarray(keras.ops.convert_to_numpy(v)) for v in self._variables()]
        self._state.best_weights = list(self._stopping.best_weights or [])
        save(self._path, self._state, self._identity)

    def _variables(self) -> list[keras.Variable]:
        return [*self.model.variables, *self.model.optimizer.variables]
