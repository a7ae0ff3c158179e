"""Separation and its bounds."""

from pathlib import Path

import keras
import numpy as np
import pytest

from cunet.conditions.naming import by_name
from cunet.conditions.sets import build_conditions
from cunet.evaluation.bounds import BOUNDS
from cunet.masking.masks import apply_masks
from cunet.masking.separator import Separator
from cunet.models.architecture import Architecture, weights_file
from cunet.models.networks import build
from cunet.params import Params
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.settings.conditions import ConditionSet
from cunet.signals.stft import istft
from tests.conftest import SINGLES


@pytest.fixture
def track(prepared: Path) -> TrackSpectrograms:
    return TrackSpectrograms(prepared / "test" / "song 0.h5")


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
    masks = Separator(model, overlap).masks(track, by_name(SINGLES))
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
    estimates = separator.masks(track, by_name(SINGLES))
    assert np.abs(estimates["tone"] - estimates["noise"]).max() > 1e-6


CONDITIONS = by_name(build_conditions(("clicks", "noise", "tone"), ConditionSet(up_to=2, levels=[0.5, 1], all=True)))


def test_dedicated_networks_give_the_weighted_sum_of_their_masks(
    params: Params, track: TrackSpectrograms, tmp_path: Path
) -> None:
    model = save(params, "unet", track, tmp_path / "model", mask_bias=0.0)
    separator = Separator(model, 0.0)
    for bias, network in zip((-1.0, 0.0, 1.0), networks(separator), strict=True):
        mask = network.get_layer("mask")
        mask.set_weights([np.zeros_like(mask.kernel), np.full(1, bias)])
    share = dict(zip(track.instruments, 1 / (1 + np.exp([1.0, 0.0, -1.0])), strict=True))
    for name, mask in separator.masks(track, CONDITIONS).items():
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
    separator.masks(track, CONDITIONS)
    vectors = np.unique(np.concatenate(told), axis=0)
    expected = np.array([[z[name] for name in track.instruments] for z in CONDITIONS.values()], np.float32)
    np.testing.assert_array_equal(vectors, np.unique(expected, axis=0))


def test_the_ideal_mask_of_a_condition_is_the_weighted_sum_of_those_of_its_instruments(
    track: TrackSpectrograms,
) -> None:
    masks = BOUNDS["ideal-ratio-mask"](track, CONDITIONS)
    single = BOUNDS["ideal-ratio-mask"](track, by_name(SINGLES))
    np.testing.assert_allclose(masks["0.5 clicks+tone"], 0.5 * single["clicks"] + single["tone"], atol=1e-6)
    audible = sum(np.abs(track.source(name)) ** 2 for name in track.instruments) > 1e-6
    np.testing.assert_allclose(masks["all"][audible], 1, atol=1e-4)


def test_the_mixture_bound_is_the_mixture_and_the_ideal_mask_comes_near_the_sources(
    params: Params, track: TrackSpectrograms
) -> None:
    settings = params.spectrogram
    mixture = istft(track.mixture(), track.samples, settings)
    for estimate in apply_masks(BOUNDS["mixture"](track, by_name(SINGLES)), mixture[:, None], settings).values():
        np.testing.assert_allclose(estimate[:, 0], mixture, atol=1e-5)
    ideal = apply_masks(BOUNDS["ideal-ratio-mask"](track, by_name(SINGLES)), mixture[:, None], settings)
    for name in track.instruments:
        reference = istft(track.source(name), track.samples, settings)
        error, before = (np.sum((estimate - reference) ** 2) for estimate in (ideal[name][:, 0], mixture))
        assert error < 0.5 * before
