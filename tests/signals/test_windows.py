"""Windows of the short-time Fourier transform."""

import numpy as np
import pytest
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

from cunet.signals.windows import dual_window, hann_window


@pytest.mark.parametrize("window", [4, 10, 256])
def test_the_window_is_the_periodic_hann_window_of_scipy(window: int) -> None:
    np.testing.assert_allclose(hann_window(window), hann(window, sym=False), atol=1e-12)


@pytest.mark.parametrize(("window", "hop"), [(256, 192), (256, 64), (10, 9), (6, 5), (4, 1)])
def test_the_synthesis_is_the_canonical_dual_of_scipy(window: int, hop: int) -> None:
    expected = ShortTimeFFT(hann(window, sym=False), hop, 8192).dual_win
    np.testing.assert_allclose(dual_window(window, hop), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("window", "hop"), [(256, 192), (256, 100), (6, 5)])
def test_windows_of_analysis_and_synthesis_add_up_to_one(window: int, hop: int) -> None:
    product = np.pad(hann_window(window) * dual_window(window, hop), (0, -window % hop))
    np.testing.assert_allclose(product.reshape(-1, hop).sum(axis=0), 1, rtol=1e-5)
