"""Masks of a track from trained networks."""

from pathlib import Path

import keras
import numpy as np
import pytest

from cunet.conditions.naming import by_name
from cunet.masking.masks import apply_masks
from cunet.masking.separator import Separator
from cunet.models.architecture import Architecture, weights_file
from cunet.models.networks import build
from cunet.params import Params
from cunet.preprocess.spectrogram import TrackSpectrograms
from tests.conftest import CONDITIONS, SINGLES


def save(params: Params, name: str, track: TrackSpectrograms, folder: Path, mask_bias: float) -> Path:
    """An untrained architecture whose mask is the same everywhere: the sigmoid of `mask_bias`."""
    architecture = Architecture(
        name=name,
        instruments=track.instruments,
        conditions=tuple(SINGLES.itertuples(index=False, name=None)),
        frames=params.patch.frames,
        spectrogram=params.spectrogram,
        unet=params.unet,
        controls=params.controls,
    )
    folder.mkdir()
    for network in architecture.networks:
        model = build(architecture, network)
        mask = model.get_layer("mask")
        mask.set_weights([np.zeros_like(mask.kernel), np.full(1, mask_bias)])
        model.save_weights(weights_file(folder, network))
    architecture.save(folder)
    return folder


@pytest.mark.parametrize("name", ["unet", "complex-dense"])
@pytest.mark.parametrize("overlap", [0.0, 0.5, 0.9])
def test_a_constant_mask_scales_the_mixture_whatever_the_overlap(
    params: Params, track: TrackSpectrograms, tmp_path: Path, name: str, overlap: float
) -> None:
    model = save(params, name, track, tmp_path / "model", mask_bias=0.0)
    masks = Separator(model, overlap).masks(track, by_name(SINGLES), "none")
    stereo = np.random.default_rng(0).standard_normal((track.samples, 2)).astype(np.float32)
    estimates = apply_masks(masks, stereo, params.spectrogram)
    assert list(estimates) == list(track.instruments)
    for estimate in estimates.values():
        assert estimate.shape == stereo.shape
        np.testing.assert_allclose(estimate, 0.5 * stereo, atol=1e-4)


def networks(separator: Separator) -> list[keras.Model]:
    return [network for network in separator.networks.values() if isinstance(network, keras.Model)]


def test_the_condition_reaches_the_network(params: Params, track: TrackSpectrograms, tmp_path: Path) -> None:
    model = save(params, "simple-conv", track, tmp_path / "model", mask_bias=0.0)
    separator = Separator(model, 0.0)
    (network,) = networks(separator)
    mask = network.get_layer("mask")
    mask.set_weights([np.full_like(mask.kernel, 0.3), np.zeros(1)])
    estimates = separator.masks(track, by_name(SINGLES), "none")
    assert np.abs(estimates["tone"] - estimates["noise"]).max() > 1e-6


def test_dedicated_networks_give_the_weighted_sum_of_their_masks(
    params: Params, track: TrackSpectrograms, tmp_path: Path
) -> None:
    model = save(params, "unet", track, tmp_path / "model", mask_bias=0.0)
    separator = Separator(model, 0.0)
    for bias, network in zip((-1.0, 0.0, 1.0), networks(separator), strict=True):
        mask = network.get_layer("mask")
        mask.set_weights([np.zeros_like(mask.kernel), np.full(1, bias)])
    share = dict(zip(track.instruments, 1 / (1 + np.exp([1.0, 0.0, -1.0])), strict=True))
    for name, mask in separator.masks(track, CONDITIONS, "none").items():
        expected = sum(weight * share[instrument] for instrument, weight in CONDITIONS[name].items())
        audible = np.abs(track.mixture()) > 1e-3
        np.testing.assert_allclose(mask[audible], expected, rtol=1e-3)


def test_a_conditioned_network_is_told_the_condition_to_the_number(
    params: Params, track: TrackSpectrograms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = save(params, "simple-dense-pairs", track, tmp_path / "model", mask_bias=0.0)
    separator = Separator(model, 0.0)
    (network,) = networks(separator)
    told: list[np.ndarray] = []
    predict = network.predict_on_batch

    def listen(inputs: list[np.ndarray]) -> np.ndarray:
        told.append(inputs[1])
        return np.asarray(predict(inputs))  # type: ignore[no-untyped-call]

    monkeypatch.setattr(network, "predict_on_batch", listen)
    separator.masks(track, CONDITIONS, "none")
    vectors = np.unique(np.concatenate(told), axis=0)
    expected = np.array([[z[name] for name in track.instruments] for z in CONDITIONS.values()], np.float32)
    np.testing.assert_array_equal(vectors, np.unique(expected, axis=0))


@pytest.mark.parametrize("name", ["unet", "complex-dense"])
def test_masks_that_agree_share_the_mixture_and_combinations_are_sums(
    params: Params, track: TrackSpectrograms, tmp_path: Path, name: str
) -> None:
    model = save(params, name, track, tmp_path / "model", mask_bias=0.0)
    separator = Separator(model, 0.5)
    for number, network in enumerate(networks(separator)):
        mask = network.get_layer("mask")
        mask.set_weights([np.full_like(mask.kernel, 0.1 * (number + 1)), np.full(1, -1.0)])
    before = separator.masks(track, by_name(SINGLES), "none")
    after = separator.masks(track, CONDITIONS, "ratio")
    total = np.sum([before[instrument] for instrument in track.instruments], axis=0)
    assert np.abs(total - 1).max() > 0.1
    audible = np.abs(track.mixture()) > 1e-3
    for name, condition in CONDITIONS.items():
        expected = np.sum([weight * before[instrument] for instrument, weight in condition.items()], axis=0) / total
        np.testing.assert_allclose(after[name][audible], expected[audible], atol=1e-5)
