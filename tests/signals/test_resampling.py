"""Rates and channels of waveforms."""

import museval
import numpy as np
import pytest
from scipy.signal import resample_poly

from cunet.signals.resampling import resample


@pytest.mark.parametrize("rates", [(44100, 8192), (8192, 44100), (48000, 8192), (44100, 22050), (2, 3), (8192, 8192)])
@pytest.mark.parametrize("shape", [(1, 1), (777, 2), (50001, 3)])
def test_resampled_is_what_scipy_makes_of_it(rates: tuple[int, int], shape: tuple[int, int]) -> None:
    waveform = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    expected = resample_poly(waveform, rates[1], rates[0])
    resampled = resample(waveform, *rates)
    assert resampled.dtype == np.float32
    assert resampled.shape == expected.shape
    np.testing.assert_allclose(resampled, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


def test_resampled_references_can_be_scored() -> None:
    """A steep resampling filter makes the SIR of a near-perfect estimate negative."""
    rng = np.random.default_rng(0)
    sources = [resample(rng.standard_normal((5 * 44100, 1)).astype(np.float32), 44100, 8192) for _ in range(2)]
    references = np.stack(sources).astype(np.float64)
    estimates = references + 0.03 * references[::-1] + 0.01 * rng.standard_normal(references.shape)
    _, _, sir, sar = museval.evaluate(references, estimates, win=8192, hop=8192)
    assert np.median(sir) == pytest.approx(20 * np.log10(1 / 0.03), abs=1)
    assert np.median(sar) > 20
