"""The Fourier transform of waveforms, and back."""

import numpy as np
import pytest
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

from cunet.settings.spectrogram import Spectrogram
from cunet.signals.stft import frame_centres, frame_count, istft, stft

PAPER = Spectrogram(sample_rate=8192, window=1024, hop=768)


@pytest.mark.parametrize("samples", [1, 100, 1023, 1024, 8192, 30001])
def test_the_inverse_transform_gives_the_waveform_back(samples: int) -> None:
    waveform = np.random.default_rng(0).standard_normal(samples).astype(np.float32)
    spectrogram = stft(waveform, PAPER)
    assert spectrogram.shape[0] == 513
    assert spectrogram.dtype == np.complex64
    np.testing.assert_allclose(istft(spectrogram, samples, PAPER), waveform, atol=1e-5)


@pytest.mark.parametrize("window, hop", [(1024, 768), (1024, 256), (256, 192), (10, 9), (6, 5), (4, 1)])
@pytest.mark.parametrize("samples", [1, 255, 256, 257, 1025, 3841, 60000])
def test_the_transforms_are_those_of_scipy(samples: int, window: int, hop: int) -> None:
    settings = Spectrogram(sample_rate=8192, window=window, hop=hop)
    reference = ShortTimeFFT(hann(window, sym=False), hop, 8192)
    rng = np.random.default_rng(0)
    waveform = rng.standard_normal(samples).astype(np.float32)
    expected = reference.stft(np.pad(waveform, (0, max(0, window - samples))))
    spectrogram = stft(waveform, settings)
    assert frame_count(samples, settings) == expected.shape[1]
    centres = np.arange(reference.p_min, reference.p_min + expected.shape[1]) * hop / 8192
    np.testing.assert_allclose(frame_centres(0, expected.shape[1], settings), centres)
    np.testing.assert_allclose(spectrogram, expected, rtol=0, atol=1e-6 * np.abs(expected).max())
    masked = spectrogram * rng.random(spectrogram.shape, np.float32)  # of no waveform any more
    back = reference.istft(masked, k1=max(samples, window))[:samples]
    np.testing.assert_allclose(istft(masked, samples, settings), back, rtol=0, atol=1e-6 * np.abs(back).max())
