"""What a killed training needs to continue."""

from pathlib import Path

import keras
import numpy as np
import pytest

from cunet.errors import UserError
from cunet.files import locked
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


def state(epochs: int) -> TrainingState:
    arrays = [np.arange(number + epochs, dtype=np.float32) for number in range(12)]
    return TrainingState(epochs, 1.5, False, [{"epoch": 1.0}] * epochs, {}, arrays, arrays[:1])


def damage(path: Path, how: str, place: float) -> None:
    content = bytearray(path.read_bytes())
    where = int(place * (len(content) - 1))
    if how == "empty":
        content = bytearray()
    elif how == "cut off":
        content = content[:where]
    elif how == "a bit":
        content[where] ^= 1
    else:
        content = bytearray(b"no HDF5")
    path.write_bytes(content)


def test_a_state_that_cannot_be_read_now_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "bass.h5"
    checkpoint.save(path, state(1), "mine")
    with locked(path), pytest.raises(UserError, match=f"^{path}: cannot be read .* Run the same command again"):
        checkpoint.load(path, "mine")
    assert checkpoint.load(path, "mine").epochs == 1


@pytest.mark.parametrize("how", ["empty", "cut off", "a bit", "other"])
def test_a_damaged_state_is_one_line_and_the_one_before_is_used(
    tmp_path: Path, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bass.h5"
    for place in np.linspace(0.01, 0.99, 1 if how in ("empty", "other") else 40):
        for epochs in (1, 2):
            checkpoint.save(path, state(epochs), "mine")
        damage(path, how, float(place))
        found = checkpoint.load(path, "mine")
        said = capsys.readouterr().err
        assert (found.epochs, said) == (2, "") if found.epochs == 2 else (1, said)  # a bit that HDF5 does not use
        if found.epochs == 1:
            assert said.startswith(f"warning: {path}: damaged (")
            assert said.endswith("). Training resumes from an earlier state.\n")
            assert said.count("\n") == 1
            assert checkpoint.load(path, "mine").epochs == 1
            assert capsys.readouterr().err == ""
        expected = state(found.epochs)
        for one, other in zip(found.variables, expected.variables, strict=True):
            np.testing.assert_array_equal(one, other)
    assert how == "a bit" or found.epochs == 1


def test_when_all_states_are_damaged_training_starts_again(tmp_path: Path) -> None:
    path = tmp_path / "bass.h5"
    for epochs in (1, 2):
        checkpoint.save(path, state(epochs), "mine")
    for place in tmp_path.iterdir():
        place.write_bytes(b"")
    assert checkpoint.load(path, "mine") == TrainingState()
    assert list(tmp_path.iterdir()) == []
