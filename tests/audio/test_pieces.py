"""Bounds of sample rates and channels; tests/separate/test_audio.py has silence around audio."""

import pytest

from cunet.audio.pieces import HIGHEST_RATE, LOWEST_RATE, MOST_CHANNELS, check_bounds
from cunet.errors import UserError
from tests.sounds import RATE


@pytest.mark.parametrize("rate", [LOWEST_RATE, HIGHEST_RATE])
def test_bounds_are_accepted(rate: int) -> None:
    check_bounds(rate, MOST_CHANNELS)


@pytest.mark.parametrize(
    ("rate", "channels", "reason"),
    [
        (LOWEST_RATE - 1, 2, "sample rate of 999 Hz"),
        (HIGHEST_RATE + 1, 2, "sample rate of 1000001 Hz"),
        (RATE, MOST_CHANNELS + 1, "has 65 channels"),
    ],
)
def test_beyond_the_bounds_audio_is_refused(rate: int, channels: int, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        check_bounds(rate, channels)
