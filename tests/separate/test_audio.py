"""Audio made of other audio, read in pieces."""

import numpy as np
import pytest

from cunet.errors import UserError
from cunet.separate.audio import ArrayAudio, Downmix, Resampled
from cunet.signals.resampling import resample
from tests.sounds import RATE, in_pieces, noise


def test_there_is_silence_before_the_start_and_after_the_end() -> None:
    waveform = noise(0.1)
    audio = ArrayAudio(waveform, RATE)
    for start, stop in (
        (-5, 3),
        (len(waveform) - 3, len(waveform) + 4),
        (-9, -2),
        (len(waveform) + 1, len(waveform) + 5),
    ):
        expected = np.pad(waveform, ((10, 10), (0, 0)))[start + 10 : stop + 10]
        np.testing.assert_array_equal(audio.read(start, stop), expected)


@pytest.mark.parametrize(
    "rates", [(44100, 8192), (8192, 44100), (192000, 8192), (8192, 8192), (11025, 8192), (44101, 8192)]
)
@pytest.mark.parametrize("length", [501, 20000])
def test_resampled_in_pieces_is_resampled_at_once(rates: tuple[int, int], length: int) -> None:
    waveform = noise(2.3, rate=rates[0])
    audio = Resampled(ArrayAudio(waveform, rates[0]), rates[1])
    whole = resample(waveform, *rates)
    assert audio.samples == len(whole)
    pieces = in_pieces(audio, length) if length > 1000 else audio.read(1000, 1000 + length)
    np.testing.assert_allclose(pieces, whole if length > 1000 else whole[1000 : 1000 + length], atol=1e-6)


def test_mono_is_the_mean_of_the_channels() -> None:
    waveform = noise(0.1, channels=3)
    mono = Downmix(ArrayAudio(waveform, RATE)).read(5, 90)
    np.testing.assert_allclose(mono, waveform[5:90].mean(1, keepdims=True), atol=1e-7)


def test_rates_whose_ratio_would_take_gigabytes_are_refused() -> None:
    for rates in ((999_983, 8192), (8192, 999_983)):
        with pytest.raises(UserError, match=r"has a sample rate of \d+ Hz, which has too small a common divisor with"):
            Resampled(ArrayAudio(noise(0.1), rates[0]), rates[1])
    assert Resampled(ArrayAudio(noise(0.1), 768_000), 8192).samples == 48
