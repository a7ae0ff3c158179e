"""Sound on the path of the condition."""

import numpy as np

from cunet.examples.glide import glide
from cunet.params import Params


def test_a_glide_is_at_one_end_before_at_the_other_after_and_in_the_middle_at_half(params: Params) -> None:
    settings = params.spectrogram
    masks = [np.full((4, 101), value, np.float32) for value in (0.0, 0.3, 1.0)]
    seconds = 50 * settings.hop / settings.sample_rate  # half of the frames
    mask = glide(masks, seconds, settings)
    assert mask.shape == (4, 101)
    assert (mask[:, :26] == 0).all()
    assert (mask[:, 76:] == 1).all()
    np.testing.assert_allclose(mask[:, 50], 0.3, atol=0.01)
    assert (np.diff(mask[0]) >= 0).all()
    short = glide(masks, 4 * seconds, settings)  # an excerpt that is longer than the track
    assert short[0, 0] == 0
    assert short[0, -1] > 0.97
