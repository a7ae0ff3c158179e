"""Masks that show what the condition does."""

import numpy as np

from cunet.conditions.naming import by_name
from cunet.conditions.path import path
from cunet.interpret.masks import PathMasks
from cunet.interpret.modulation import conditioned_network, neutral
from cunet.masking.separator import Separator
from cunet.preprocess.spectrogram import TrackSpectrograms
from tests.conftest import SINGLES, TRIO


def test_there_is_a_mask_of_every_step_and_instrument_of_the_unet_alone_and_of_the_mixture(
    separator: Separator, track: TrackSpectrograms
) -> None:
    steps = path(TRIO, "tone", "clicks", 3)
    masks = PathMasks(separator)(track, steps)
    assert list(masks) == [*TRIO, *steps, "neutral", "mixture"]
    assert {mask.shape for mask in masks.values()} == {(track.bins, track.frames)}
    assert (masks["mixture"] == 1).all()
    np.testing.assert_array_equal(masks["0.00"], masks["tone"])
    np.testing.assert_array_equal(masks["1.00"], masks["clicks"])
    expected = separator.masks(track, by_name(SINGLES), "none")
    for name in TRIO:
        np.testing.assert_array_equal(masks[name], expected[name])


def test_the_unet_alone_is_told_nothing(separator: Separator, track: TrackSpectrograms) -> None:
    alone = PathMasks(separator)(track, {})["neutral"]
    network = neutral(separator.architecture, conditioned_network(separator))
    assert network is not None
    for condition in by_name(SINGLES).values():
        found = separator.mask(network, track.mixture(), track.peak, condition)
        np.testing.assert_allclose(alone, found, atol=1e-6)
