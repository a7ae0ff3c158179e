"""What a mixture becomes under masks."""

import numpy as np

from cunet.masking.masks import apply_masks, share_out
from cunet.params import Params
from cunet.signals.stft import frame_count, istft, stft


def test_each_channel_of_the_mixture_is_masked_with_its_own_phase(params: Params) -> None:
    settings = params.spectrogram
    rng = np.random.default_rng(0)
    mixture = rng.standard_normal((5000, 2)).astype(np.float32)
    mask = rng.uniform(0, 1, (settings.bins + 1, frame_count(5000, settings))).astype(np.float32)
    (estimate,) = apply_masks({"a": mask}, mixture, settings).values()
    assert estimate.shape == mixture.shape
    for channel in (0, 1):
        expected = istft(mask * stft(mixture[:, channel], settings), 5000, settings)
        np.testing.assert_array_equal(estimate[:, channel], expected)


def test_a_mask_of_ones_leaves_the_mixture_and_one_of_zeros_nothing(params: Params) -> None:
    mixture = np.random.default_rng(0).standard_normal((3000, 1)).astype(np.float32)
    ones = np.ones((params.spectrogram.bins + 1, frame_count(3000, params.spectrogram)), np.float32)
    found = apply_masks({"all": ones, "none": 0 * ones}, mixture, params.spectrogram)
    np.testing.assert_allclose(found["all"], mixture, atol=1e-5)
    assert not found["none"].any()


def test_masks_that_share_the_mixture_out_give_estimates_that_add_up_to_it(params: Params) -> None:
    rng = np.random.default_rng(0)
    mixture = rng.standard_normal((3000, 1)).astype(np.float32)
    one = rng.uniform(0, 1, (params.spectrogram.bins + 1, frame_count(3000, params.spectrogram))).astype(np.float32)
    found = apply_masks({"one": one, "other": 1 - one}, mixture, params.spectrogram)
    np.testing.assert_allclose(found["one"] + found["other"], mixture, atol=1e-5)


def test_masks_of_nothing_share_the_mixture_equally() -> None:
    masks = {name: np.zeros((2, 3), np.float32) for name in ("bass", "drums", "vocals")}
    for mask in share_out(masks).values():
        np.testing.assert_allclose(mask, 1 / 3, rtol=1e-6)


def test_shared_masks_keep_their_ratios_and_sum_to_one() -> None:
    rng = np.random.default_rng(0)
    masks = {name: rng.uniform(0, 1, (4, 5)).astype(np.float32) for name in ("bass", "drums", "vocals")}
    shared = share_out(masks)
    np.testing.assert_allclose(sum(shared.values()), 1, rtol=1e-6)
    np.testing.assert_allclose(shared["bass"] / shared["drums"], masks["bass"] / masks["drums"], rtol=1e-4)
