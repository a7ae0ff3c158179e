"""Lower and upper bounds, from the truth."""

import numpy as np

from cunet.conditions.naming import by_name
from cunet.evaluation.bounds import BOUNDS
from cunet.masking.masks import apply_masks
from cunet.params import Params
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.signals.stft import istft
from tests.conftest import CONDITIONS, SINGLES


def test_the_ideal_mask_of_a_condition_is_the_weighted_sum_of_those_of_its_instruments(
    track: TrackSpectrograms,
) -> None:
    masks = BOUNDS["ideal-ratio-mask"](track, CONDITIONS)
    single = BOUNDS["ideal-ratio-mask"](track, by_name(SINGLES))
    np.testing.assert_allclose(masks["0.5 clicks+tone"], 0.5 * single["clicks"] + single["tone"], atol=1e-6)
    powers = {name: np.abs(track.source(name)) ** 2 for name in track.instruments}
    np.testing.assert_allclose(single["tone"], powers["tone"] / (sum(powers.values()) + 1e-12), atol=1e-5)
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
