"""Training: reproducible to the bit, and a kill changes nothing."""

import shutil
import subprocess
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from cunet.errors import UserError
from cunet.masking.saved import load_trained
from cunet.params import Params
from cunet.preprocess.indexes import TRAINING, VALIDATION, read_index
from cunet.settings.training import Epochs, Patience
from cunet.train.batches import Batch, TrainingBatches, ValidationBatches
from cunet.train.fit import Trainer, describe, provenance
from cunet.train.history import Row, read_history, read_provenance
from tests.conftest import ROOT, SINGLES
from tests.train.conftest import changed

SCRIPT = """
import os, sys
from pathlib import Path
from tests.conftest import SINGLES, tiny_params
from cunet.params import Params
from cunet.train.fit import Trainer, describe, provenance
name, prepared, work, deadly = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
params = tiny_params()
epochs = 0
def on_epoch(network, row):
    global epochs
    epochs += 1
    if epochs == deadly:
        os.kill(os.getpid(), 9)
architecture = describe(params, name, SINGLES)
Trainer(architecture, params.train, 0, {}, prepared / "train", prepared / "indexes", work / "checkpoints",
        on_epoch).train(work / "model")
print("epochs", epochs)
"""


THREE, FOUR, FIVE, TWENTY = (Epochs(conditioned=count, dedicated=count) for count in (3, 4, 5, 20))


def train(python: Path, name: str, prepared: Path, work: Path, deadly: int = 0) -> subprocess.CompletedProcess[str]:
    """Train in a process of its own, which kills itself after epoch `deadly`."""
    arguments = [str(python), "-c", SCRIPT, name, str(prepared), str(work), str(deadly)]
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize(("name", "networks"), [("simple-dense", 1), pytest.param("unet", 3, marks=pytest.mark.slow)])
def test_a_killed_training_ends_in_the_same_bytes_as_an_unbroken_one(
    programs: Path, prepared: Path, tmp_path: Path, name: str, networks: int
) -> None:
    python = programs / "python"
    unbroken = train(python, name, prepared, tmp_path / "unbroken")
    assert unbroken.returncode == 0, unbroken.stderr
    assert f"epochs {3 * networks}" in unbroken.stdout
    broken = tmp_path / "broken"
    assert train(python, name, prepared, broken, deadly=2).returncode == -9
    assert not (broken / "model").exists()
    rest = train(python, name, prepared, broken)
    assert f"epochs {3 * networks - 2}" in rest.stdout, rest.stderr
    assert files(broken / "model") == files(tmp_path / "unbroken" / "model")


class KilledError(Exception):
    pass


def trainer(
    params: Params, prepared: Path, work: Path, name: str = "simple-dense", stop: int = 0, seed: int = 0
) -> Trainer:
    def on_epoch(network: str, row: Row) -> None:
        if row["epoch"] == stop:
            raise KilledError

    architecture = describe(params, name, SINGLES)
    described = provenance(params, architecture, seed, prepared / "train", prepared / "indexes")
    checkpoints = work / "checkpoints"
    return Trainer(
        architecture, params.train, seed, described, prepared / "train", prepared / "indexes", checkpoints, on_epoch
    )


def test_other_settings_do_not_continue_an_old_training(params: Params, prepared: Path, tmp_path: Path) -> None:
    with pytest.raises(KilledError):
        trainer(params, prepared, tmp_path, stop=1).train(tmp_path / "model")
    assert not (tmp_path / "model").exists()
    assert [row["epoch"] for row in trainer(params, prepared, tmp_path).histories["simple-dense"]] == [1]
    assert not trainer(changed(params, learning_rate=0.01), prepared, tmp_path).histories
    assert not trainer(params, prepared, tmp_path, seed=1).histories


def test_a_finished_training_is_not_done_again(params: Params, prepared: Path, tmp_path: Path) -> None:
    """As when DVC was killed before it had the model, and deletes it."""
    trainer(params, prepared, tmp_path).train(tmp_path / "model")
    again = trainer(params, prepared, tmp_path, stop=1)  # which would end in the first epoch
    again.train(tmp_path / "again")
    assert files(tmp_path / "again") == files(tmp_path / "model")


def test_the_best_weights_are_kept(params: Params, prepared: Path, tmp_path: Path) -> None:
    """With a learning rate that makes it worse and worse, the best epoch is not the last."""
    wild = {"learning_rate": 5.0, "schedule": "plateau", "epochs": FOUR, "patience": Patience(plateau=9, stop=9)}
    subject = trainer(changed(params, **wild), prepared, tmp_path)
    subject.train(tmp_path / "model")
    history = read_history(tmp_path / "model")
    assert int(history["validation_loss"].argmin()) < len(history) - 1
    _, networks = load_trained(tmp_path / "model")
    network = networks["simple-dense"]
    network.compile(loss="mean_absolute_error", jit_compile=False)
    validation = ValidationBatches(subject._reader("validation.csv", "simple-dense"), True, size=27)[0]
    loss = network.evaluate(*validation, verbose=0)
    assert loss == pytest.approx(history["validation_loss"].min(), rel=0.05)


def nan_from(epoch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Targets that are not finite from an epoch on, as after weights that are not."""
    read = TrainingBatches.__getitem__

    def damaged(self: TrainingBatches, number: int) -> Batch:
        inputs, targets = read(self, number)
        return inputs, targets * np.nan if self.epoch + 1 >= epoch else targets

    monkeypatch.setattr(TrainingBatches, "__getitem__", damaged)


def test_a_training_that_diverges_keeps_its_last_good_weights(
    params: Params, prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nan_from(2, monkeypatch)
    trainer(params, prepared, tmp_path).train(tmp_path / "model")
    (warning,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning")]
    assert "simple-dense: training diverged in epoch 2" in warning
    assert "the weights of epoch 1 are used. Lower train.learning_rate." in warning
    assert len(read_history(tmp_path / "model")) == 2  # it stopped
    _, networks = load_trained(tmp_path / "model")
    assert all(np.isfinite(weight).all() for weight in networks["simple-dense"].get_weights())


def test_a_training_that_diverges_at_once_is_refused(
    params: Params, prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nan_from(1, monkeypatch)
    with pytest.raises(UserError, match=r"^simple-dense: training diverged in epoch 1 .*Lower train\.learning_rate\.$"):
        trainer(params, prepared, tmp_path).train(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_track_that_is_trained_and_validated_on_is_refused(params: Params, prepared: Path, tmp_path: Path) -> None:
    leaky = Path(shutil.copytree(prepared, tmp_path / "leaky"))
    training, validation = (leaky / "indexes" / name for name in (TRAINING, VALIDATION))
    held_out = read_index(validation)
    pd.concat([read_index(training), held_out]).to_csv(training, index=False)
    with pytest.raises(UserError, match=f"{held_out['track'].iloc[0]} would be in both training and validation"):
        trainer(params, leaky, tmp_path).train(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_another_seed_is_another_network(params: Params, prepared: Path, tmp_path: Path) -> None:
    """Already before it has learned anything."""
    still = changed(params, learning_rate=1e-12)
    for seed in (0, 1):
        subject = trainer(still, prepared, tmp_path / str(seed), seed=seed)
        assert subject.train(tmp_path / f"model {seed}") > 0
        assert read_provenance(tmp_path / f"model {seed}")["seed"] == seed
    kernels = []
    for seed in (0, 1):
        _, networks = load_trained(tmp_path / f"model {seed}")
        kernels.append(np.asarray(networks["simple-dense"].get_layer("encoder_1").kernel))
    assert np.abs(kernels[0] - kernels[1]).max() > 0.01
    assert files(tmp_path / "model 0")["cost.json"] == files(tmp_path / "model 1")["cost.json"]


def test_a_training_that_does_not_improve_stops(params: Params, prepared: Path, tmp_path: Path) -> None:
    hopeless = {
        "learning_rate": 1e-12,
        "schedule": "plateau",
        "epochs": TWENTY,
        "patience": Patience(plateau=1, stop=2),
    }
    trainer(changed(params, **hopeless), prepared, tmp_path).train(tmp_path / "model")
    assert len(read_history(tmp_path / "model")) < 20


def test_plateaus_lower_the_learning_rate_as_far_as_the_original_does(
    params: Params, prepared: Path, tmp_path: Path
) -> None:
    flat = {"learning_rate": 3e-5, "schedule": "plateau", "min_delta": 1.0, "epochs": FIVE}
    trainer(changed(params, **flat, patience=Patience(plateau=1, stop=9)), prepared, tmp_path).train(tmp_path / "model")
    rates = read_history(tmp_path / "model")["learning_rate"]
    assert rates.iloc[-1] == pytest.approx(1e-5)
    assert rates.is_monotonic_decreasing


def test_a_plateau_is_what_falls_by_less_than_min_delta(params: Params, prepared: Path, tmp_path: Path) -> None:
    """Validation losses of a few thousandths still fall by less than Keras' default of 1e-4 while a network learns."""
    rates = {}
    for min_delta in (0.0, 1.0):
        slow = {"learning_rate": 0.01, "schedule": "plateau", "batches_per_epoch": 20, "epochs": THREE}
        work = tmp_path / str(min_delta)
        patient = changed(params, **slow, min_delta=min_delta, patience=Patience(plateau=1, stop=9))
        trainer(patient, prepared, work).train(work / "model")
        history = read_history(work / "model")
        assert history["validation_loss"].is_monotonic_decreasing
        rates[min_delta] = history["learning_rate"].iloc[-1]
    assert rates[0.0] == pytest.approx(0.01)
    assert rates[1.0] < 0.01


def test_the_cosine_ends_at_zero_and_conditioned_networks_have_epochs_of_their_own(
    params: Params, prepared: Path, tmp_path: Path
) -> None:
    settings = changed(params, learning_rate=1e-3, epochs=Epochs(conditioned=4, dedicated=2))
    for name, epochs in (("simple-dense", 4), ("unet", 2)):
        trainer(settings, prepared, tmp_path / name, name).train(tmp_path / name / "model")
        history = read_history(tmp_path / name / "model")
        for _, rows in history.groupby("network"):
            half = 0.5 * (1 + np.cos(np.pi * np.arange(1, epochs + 1) / epochs)) * 1e-3
            assert rows["learning_rate"].to_numpy() == pytest.approx(half, abs=1e-9)


@pytest.mark.parametrize("setting", [{"precision": "mixed_bfloat16"}, {"jit": True}])
def test_precision_and_jit_change_the_training_and_not_what_it_leaves(
    params: Params, prepared: Path, tmp_path: Path, setting: dict[str, object]
) -> None:
    trainer(changed(params, **setting), prepared, tmp_path).train(tmp_path / "model")
    history = read_history(tmp_path / "model")
    assert history["validation_loss"].iloc[-1] < history["validation_loss"].iloc[0]
    _, networks = load_trained(tmp_path / "model")
    assert {weight.dtype for weight in networks["simple-dense"].weights} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"


def test_training_lowers_the_loss(params: Params, prepared: Path, tmp_path: Path) -> None:
    longer = {"epochs": Epochs(conditioned=8, dedicated=8), "batches_per_epoch": 20, "learning_rate": 0.01}
    trainer(changed(params, **longer), prepared, tmp_path).train(tmp_path / "model")
    history = read_history(tmp_path / "model")
    assert history["train_loss"].iloc[-1] < 0.8 * history["train_loss"].iloc[0]
    assert keras.backend.backend() == "tensorflow"
