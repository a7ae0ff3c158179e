"""What a training minimises."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest

from cunet.models.networks import build
from cunet.params import Params
from cunet.preprocess.indexes import TRAINING, read_index
from cunet.registry.losses import LOSSES
from cunet.settings.spectrogram import Spectrogram
from cunet.signals.stft import istft
from cunet.train.batches import PatchReader, TrainingBatches
from cunet.train.fit import compile_network, describe
from tests.conftest import SINGLES
from tests.train.conftest import changed

FRAMES = 16
ROWS = 5
Array = npt.NDArray[Any]


def value(name: str, settings: Spectrogram, targets: Array, estimates: Array) -> Array:
    """A loss of every row."""
    tensors = (keras.ops.convert_to_tensor(values, "float32") for values in (targets, estimates))
    found = np.asarray(LOSSES[name].make(settings)(*tensors))
    return np.asarray(found.reshape(len(found), -1).mean(axis=1))


def noise(rng: np.random.Generator, settings: Spectrogram) -> npt.NDArray[np.complex64]:
    """Spectra of as many patches as there are rows `(rows, bins, frames)`, louder from row to row."""
    parts = rng.standard_normal((2, ROWS, settings.bins, FRAMES)) * np.arange(1, ROWS + 1)[:, None, None]
    return np.asarray(parts[0] + 1j * parts[1], np.complex64)


@pytest.mark.parametrize(("window", "hop"), [(256, 192), (256, 64), (64, 40), (12, 11)])
def test_the_waveform_loss_is_the_mean_difference_of_the_waveforms_but_for_a_factor(window: int, hop: int) -> None:
    settings = Spectrogram(sample_rate=8192, window=window, hop=hop)
    rng = np.random.default_rng(0)
    mixture, target = noise(rng, settings), noise(rng, settings)
    mask = rng.uniform(0, 1, mixture.shape).astype(np.float32)
    edges = np.r_[0:4, FRAMES - 4 : FRAMES]  # of a patch, where other patches would go on: no difference there
    target[:, :, edges] = (mask * mixture)[:, :, edges]
    phase = mixture / np.abs(mixture)
    targets = np.stack([target.real, target.imag, phase.real, phase.imag], axis=-1)
    losses = value("waveform", settings, targets, (mask * np.abs(mixture))[..., None])

    def waveform(spectrogram: npt.NDArray[np.complex64]) -> Array:
        """The networks do not see the highest bin."""
        return istft(np.pad(spectrogram, ((0, 1), (0, 0))), FRAMES * hop, settings)

    pairs = zip(mask * mixture, target, strict=True)
    expected = np.array([np.abs(waveform(estimate) - waveform(wanted)).mean() for estimate, wanted in pairs])
    factors = losses / expected
    np.testing.assert_allclose(factors, factors[0], rtol=1e-4)
    assert 0.5 * window**0.5 < factors[0] <= window**0.5


def test_the_waveform_loss_has_the_size_of_the_error_of_magnitudes(params: Params) -> None:
    """So that learning rates and patience hold for both."""
    settings = params.spectrogram
    target = noise(np.random.default_rng(0), settings)
    phase = target / np.abs(target)
    targets = np.stack([target.real, target.imag, phase.real, phase.imag], axis=-1)
    estimates = 0.5 * np.abs(target)[..., None]
    magnitudes = value("l1", settings, np.abs(target)[..., None], estimates)
    ratio = value("waveform", settings, targets, estimates) / magnitudes
    assert ((ratio > 0.3) & (ratio < 3)).all()
    np.testing.assert_allclose(value("waveform", settings, targets, 2 * estimates), 0, atol=1e-4)


def test_l1_is_the_mean_absolute_difference_of_magnitudes(params: Params) -> None:
    rng = np.random.default_rng(0)
    targets, estimates = rng.uniform(0, 1, (2, ROWS, params.spectrogram.bins, FRAMES, 1)).astype(np.float32)
    expected = np.abs(targets - estimates).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(value("l1", params.spectrogram, targets, estimates), expected, rtol=1e-5)


def test_the_complex_loss_is_the_root_mean_square_difference_of_spectra(params: Params) -> None:
    rng, settings = np.random.default_rng(0), params.spectrogram
    mixture, target = noise(rng, settings), noise(rng, settings)
    mask = rng.uniform(0, 1, mixture.shape).astype(np.float32)
    phase = mixture / np.abs(mixture)
    targets = np.stack([target.real, target.imag, phase.real, phase.imag], axis=-1)
    losses = value("complex", settings, targets, (mask * np.abs(mixture))[..., None])
    expected = np.sqrt((np.abs(mask * mixture - target) ** 2).mean(axis=(1, 2)))
    np.testing.assert_allclose(losses, expected, rtol=1e-5)


def test_the_complex_loss_of_silence_has_a_gradient_that_is_finite(params: Params, prepared: Path) -> None:
    train = changed(params, loss="complex").train
    network = build(describe(params, "simple-dense", SINGLES), "simple-dense")
    compile_network(network, train, params.spectrogram, epochs=1)
    shape = (2, params.spectrogram.bins, params.patch.frames)
    network.train_on_batch([np.zeros((*shape, 1)), np.eye(3)[:2]], np.zeros((*shape, 4)))
    assert all(np.isfinite(weights).all() for weights in network.get_weights())


@pytest.mark.parametrize("loss", LOSSES)
def test_a_network_that_is_trained_on_a_batch_lowers_its_loss(params: Params, prepared: Path, loss: str) -> None:
    train = changed(params, loss=loss, learning_rate=0.01, schedule="plateau").train
    architecture = describe(params, "simple-dense", SINGLES)
    index, folder = read_index(prepared / "indexes" / TRAINING), prepared / "train"
    bins, complex_targets = architecture.bins, LOSSES[loss].complex_targets
    reader = PatchReader(index, SINGLES, folder, bins, params.patch.frames, complex_targets)
    batch = TrainingBatches(reader, True, train, seed=0, epoch=0)[0]
    network = build(architecture, "simple-dense")
    compile_network(network, train, architecture.spectrogram, epochs=1)
    network.run_eagerly = True  # a graph takes longer to trace than it is used
    losses = [float(network.train_on_batch(*batch)) for _ in range(12)]
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.8 * losses[0]
