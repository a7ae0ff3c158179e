"""Settings of the spectrograms."""

import pytest
from pydantic import ValidationError

from cunet.settings.spectrogram import Spectrogram


def test_networks_see_all_bins_but_the_highest() -> None:
    assert Spectrogram(sample_rate=8192, window=1024, hop=768).bins == 512


@pytest.mark.parametrize(
    ("window", "hop", "word"), [(256, 256, "samples are lost"), (255, 64, "window"), (2, 1, "window")]
)
def test_a_transform_that_loses_samples_is_refused(window: int, hop: int, word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        Spectrogram(sample_rate=8192, window=window, hop=hop)
