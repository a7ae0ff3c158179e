"""Training of an architecture, one network after another."""

import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from itertools import takewhile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from cunet.errors import UserError
from cunet.files import identity, new_folder
from cunet.models.architecture import Architecture, weights_file
from cunet.models.networks import build
from cunet.params import Params
from cunet.preprocess.indexes import TRAINING, VALIDATION, read_index
from cunet.preprocess.spectrogram import TrackSpectrograms, tracks_fingerprint
from cunet.progress import ProgressBar
from cunet.registry.losses import LOSSES
from cunet.settings.base import flatten
from cunet.settings.spectrogram import Spectrogram
from cunet.settings.training import Train
from cunet.train import checkpoint
from cunet.train.batches import PatchReader, TrainingBatches, ValidationBatches
from cunet.train.counting import count
from cunet.train.devices import training_devices
from cunet.train.history import Row, write_history
from cunet.variant import Variant, canonical

REMEDY = "Lower train.learning_rate."
LEAST_RATE = 1e-5  # lowest learning rate after plateaus, as in the original
BETA_1 = 0.5  # of Adam, as in the original: short trainings reach a lower loss than with Keras' default, 0.9


def describe(params: Params, name: str, conditions: pd.DataFrame) -> Architecture:
    """The architecture called `name`, for a table of conditions and its instruments."""
    return Architecture(
        name=canonical(name),
        instruments=tuple(conditions.columns),
        conditions=tuple(conditions.itertuples(index=False, name=None)),
        frames=params.patch.frames,
        spectrogram=params.spectrogram,
        unet=params.unet,
        controls=params.controls,
    )


def provenance(
    params: Params, architecture: Architecture, seed: int, spectrograms: Path, indexes: Path
) -> dict[str, Any]:
    """What a training depends on: parameters by their name in `params.yaml`, and size and fingerprint of the data."""
    tracks = sorted(read_index(indexes / TRAINING)["track"].unique())
    samples = sum(_samples(spectrograms / f"{track}.h5") for track in tracks)
    control: dict[str, Any] = {}
    if architecture.conditioned:
        control = asdict(Variant.parse(architecture.name)) | {"controls": architecture.controls}
    return flatten(
        {
            "architecture": architecture.name,
            **control,
            "dataset": " + ".join(params.datasets),
            "merge": params.merged or None,
            "data.train": tracks_fingerprint(spectrograms),
            "data.train_tracks": len(tracks),
            "data.train_minutes": round(samples / params.spectrogram.sample_rate / 60, 1),
            "instruments": list(architecture.instruments),
            "spectrogram": architecture.spectrogram,
            "patch": params.patch,
            "validation.tracks": sorted(read_index(indexes / VALIDATION)["track"].unique()),
            "unet": architecture.unet,
            "train": params.train,
            "seed": seed,
        }
    )


def _samples(track: Path) -> int:
    file = TrackSpectrograms(track)
    return file.samples


@dataclass(frozen=True)
class Trainer:
    """Trains the networks of an architecture one after another.

    Attributes:
        seed: seed of the initial weights, the order of the patches, and their augmentation.
        spectrograms: folder of the training tracks' spectrograms.
        indexes: folder of the index tables.
        checkpoints: folder with the states of the training, from which it resumes.
        on_epoch: called after every epoch with the network and the row of its history.
        provenance: what the training depends on, stored beside the weights.
    """

    architecture: Architecture
    settings: Train
    seed: int
    provenance: dict[str, Any]
    spectrograms: Path
    indexes: Path
    checkpoints: Path
    on_epoch: Callable[[str, Row], None]

    @cached_property
    def identity(self) -> str:
        """Hash of settings, data and code, which must be the same for a training to resume."""
        tables = [(self.indexes / name).read_text() for name in (TRAINING, VALIDATION)]
        data = tracks_fingerprint(self.spectrograms)
        return identity("train", self.architecture, self.settings, str(self.seed), data, *tables)

    @property
    def histories(self) -> dict[str, list[Row]]:
        """Epochs that a killed training with the same settings, data and code finished, by network."""
        states = {name: checkpoint.load(self._state(name), self.identity) for name in self.architecture.networks}
        return {name: state.history for name, state in states.items() if state.epochs}

    def train(self, out: Path) -> float:
        """Write description, cost, best weights and history to the folder `out`, which appears complete or not at all.

        Returns:
            seconds of training, over all its sessions.

        Raises:
            UserError: a track is in both index tables.
        """
        self._check_split()
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        histories, seconds = {}, 0.0
        with new_folder(out) as folder:
            for network in self.architecture.networks:
                state = checkpoint.load(self._state(network), self.identity)
                model = self._train_network(network, state)
                model.save_weights(weights_file(folder, network))
                histories[network] = state.history
                seconds += state.seconds
            count(self.architecture, model).save(folder)
            write_history(histories, self.provenance, folder)
            self.architecture.save(folder)
        return seconds

    def _train_network(self, network: str, state: checkpoint.TrainingState) -> keras.Model:
        """Train from `state` on, and return the network with the best weights."""
        if not state.finished:
            self._fit(network, state)
        _check_history(network, state.history)
        model = self._build(network)  # a new one, so that the file is the same with or without an interruption
        model.set_weights(state.best_weights)
        return model

    def _build(self, network: str) -> keras.Model:
        keras.utils.set_random_seed(self.seed)
        return build(self.architecture, network)

    def _fit(self, network: str, state: checkpoint.TrainingState) -> None:
        settings, conditioned = self.settings, self.architecture.conditioned
        epochs = settings.epochs_of(conditioned)
        batches = TrainingBatches(self._reader(TRAINING, network), conditioned, settings, self.seed, state.epochs)
        monitors = _monitors(settings)
        with training_devices(settings) as devices:
            model = self._build(network)
            compile_network(model, settings, self.architecture.spectrogram, epochs)
            model.fit(
                batches,
                validation_data=ValidationBatches(
                    self._reader(VALIDATION, network), conditioned, settings.batch_size, devices
                ),
                epochs=epochs,
                initial_epoch=state.epochs,
                shuffle=False,  # the batches are shuffled, from the seed
                verbose=0,
                callbacks=[
                    keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: setattr(batches, "epoch", epoch)),
                    ProgressBar(network, epochs, settings.batches_per_epoch, state.epochs),
                    *monitors,
                    keras.callbacks.LambdaCallback(on_epoch_end=partial(_stop_if_diverged, model)),
                    checkpoint.Checkpoint(self._state(network), self.identity, state, epochs, monitors),
                    keras.callbacks.LambdaCallback(
                        on_epoch_end=lambda epoch, logs: self.on_epoch(network, state.history[-1])
                    ),
                ],
            )

    def _check_split(self) -> None:
        training, validation = (set(read_index(self.indexes / name)["track"]) for name in (TRAINING, VALIDATION))
        if leaked := sorted(training & validation):
            raise UserError(
                f"{self.indexes}: {', '.join(leaked)} would be in both training and validation. Run the indexes stage "
                "again."
            )

    def _reader(self, table: str, network: str) -> PatchReader:
        architecture = self.architecture
        conditions = pd.DataFrame(architecture.conditions, columns=list(architecture.instruments))
        if not architecture.conditioned:
            conditions = conditions[conditions[network] == 1]
        index = read_index(self.indexes / table)
        complex_targets = LOSSES[self.settings.loss].complex_targets
        return PatchReader(
            index, conditions, self.spectrograms, architecture.bins, architecture.frames, complex_targets
        )

    def _state(self, network: str) -> Path:
        return self.checkpoints / f"{network}.h5"


def compile_network(model: keras.Model, settings: Train, spectrogram: Spectrogram, epochs: int) -> None:
    """Compile a network with Adam and the loss, ready to train or to restore the state of a killed training."""
    rate: Any = settings.learning_rate
    if settings.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, epochs * settings.batches_per_epoch)
    optimizer = keras.optimizers.Adam(rate, beta_1=BETA_1)
    model.compile(optimizer, loss=LOSSES[settings.loss].make(spectrogram), jit_compile=_jit(settings))
    model.optimizer.build(model.trainable_variables)


def _stop_if_diverged(model: keras.Model, epoch: int, logs: dict[str, float]) -> None:
    model.stop_training |= not _is_finite(logs["loss"], logs["val_loss"])


def _is_finite(*values: Any) -> bool:
    return all(np.isfinite(value).all() for value in values)


def _check_history(network: str, history: list[Row]) -> None:
    """Warn of a training that diverged after a good epoch, and refuse one that diverged in its first.

    Raises:
        UserError: there is no epoch whose weights can be used.
    """
    good = list(takewhile(lambda row: _is_finite(row["train_loss"], row["validation_loss"]), history))
    if len(good) == len(history):
        return
    fault = f"{network}: training diverged in epoch {len(good) + 1} (the loss is not finite)"
    if not good:
        raise UserError(f"{fault}. Lower train.learning_rate.")
    best = min(good, key=lambda row: row["validation_loss"])
    text = f"warning: {fault}; the weights of epoch {best['epoch']} are used. Lower train.learning_rate."
    print(text, file=sys.stderr)


def _monitors(settings: Train) -> list[keras.callbacks.Callback]:
    """Callbacks that monitor the validation loss."""
    patience = settings.patience
    stopping = keras.callbacks.EarlyStopping(patience=patience.stop, restore_best_weights=True)
    if settings.schedule == "cosine":
        return [stopping]
    plateau = keras.callbacks.ReduceLROnPlateau(
        factor=settings.factor, patience=patience.plateau, min_delta=settings.min_delta, min_lr=LEAST_RATE
    )
    return [plateau, stopping]


def _jit(settings: Train) -> bool | str:
    """Whether to use XLA: off for TensorFlow on a CPU, where it more than halves the speed; otherwise as in Keras."""
    if settings.jit is not None:
        return settings.jit
    on_cpu = keras.backend.backend() == "tensorflow" and not keras.distribution.list_devices("gpu")
    return False if on_cpu else "auto"
