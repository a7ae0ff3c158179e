"""What a killed training needs to continue."""

from pathlib import Path

import keras
import numpy as np
import pytest

from cunet.train import checkpoint
from cunet.train.checkpoint import Checkpoint, TrainingState

X = np.random.default_rng(0).standard_normal((32, 4)).astype(np.float32)
Y = X.sum(axis=1, keepdims=True)


def fit(path: Path, state: TrainingState, until: int, rate: float = 0.01) -> None:
    """Train a small network with dropout up to epoch `until`, from where `state` stands."""
    keras.utils.set_random_seed(0)
    layers = [keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dropout(0.5), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(rate), loss="mse", run_eagerly=True)  # sooner than tracing a graph
    model.optimizer.build(model.trainable_variables)
    others: list[keras.callbacks.Callback] = [
        keras.callbacks.EarlyStopping(patience=9, restore_best_weights=True),
        keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=1, min_delta=100, cooldown=0),
    ]
    callbacks = [*others, Checkpoint(path, "mine", state, until, others)]
    settings = {"epochs": until, "initial_epoch": state.epochs, "shuffle": False, "verbose": 0}
    model.fit(X, Y, validation_data=(X, Y), callbacks=callbacks, **settings)
    assert state.epochs == until


@pytest.mark.parametrize("rate", [0.01, 0.5])  # with the second, the second epoch is the best
def test_a_training_that_goes_on_ends_where_an_unbroken_one_does(tmp_path: Path, rate: float) -> None:
    unbroken = TrainingState()
    fit(tmp_path / "unbroken.h5", unbroken, 5, rate)
    for until in (3, 5):
        fit(tmp_path / "broken.h5", checkpoint.load(tmp_path / "broken.h5", "mine"), until, rate)
    broken = checkpoint.load(tmp_path / "broken.h5", "mine")
    assert broken.history == unbroken.history
    assert broken.memory == unbroken.memory
    assert [row["epoch"] for row in broken.history] == [1, 2, 3, 4, 5]
    assert (broken.memory["EarlyStopping"]["best_epoch"] < 3) == (rate == 0.5)
    assert broken.history[-1]["learning_rate"] <= 0.5 * broken.history[0]["learning_rate"]
    for name in ("variables", "best_weights"):
        for one, other in zip(getattr(broken, name), getattr(unbroken, name), strict=True):
            np.testing.assert_array_equal(one, other)


def test_the_last_epoch_finishes_it(tmp_path: Path) -> None:
    state = TrainingState()
    fit(tmp_path / "state.h5", state, 1)
    found = checkpoint.load(tmp_path / "state.h5", "mine")
    assert found.finished
    assert found.seconds > 0


@pytest.mark.parametrize("identity", ["mine", "another"])
def test_a_state_is_that_of_the_training_with_the_same_identity(tmp_path: Path, identity: str) -> None:
    path = tmp_path / "state.h5"
    assert checkpoint.load(path, "mine") == TrainingState()
    arrays = [np.arange(number, dtype=np.float32) for number in range(12)]  # more than ten: their order is kept
    saved = TrainingState(3, 1.5, False, [{"epoch": 3.0}], {"EarlyStopping": {"wait": 1.0}}, arrays, arrays[:1])
    checkpoint.save(path, saved, "mine")
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.h5"]
    found = checkpoint.load(path, identity)
    if identity == "another":
        assert found == TrainingState()
        return
    assert (found.epochs, found.seconds, found.history, found.memory) == (3, 1.5, saved.history, saved.memory)
    for name in ("variables", "best_weights"):
        for one, other in zip(getattr(found, name), getattr(saved, name), strict=True):
            np.testing.assert_array_equal(one, other)
