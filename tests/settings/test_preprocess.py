"""Settings of what the networks hear."""

import unicodedata

import pytest
from pydantic import ValidationError

from cunet.settings.preprocess import Spectrogram, Validation


def test_networks_see_all_bins_but_the_highest() -> None:
    assert Spectrogram(sample_rate=8192, window=1024, hop=768).bins == 512


@pytest.mark.parametrize(
    ("window", "hop", "word"), [(256, 256, "samples are lost"), (255, 64, "window"), (2, 1, "window")]
)
def test_a_transform_that_loses_samples_is_refused(window: int, hop: int, word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        Spectrogram(sample_rate=8192, window=window, hop=hop)


def test_validation_tracks_are_a_number_or_names() -> None:
    assert Validation(tracks=2, seed=0).tracks == 2
    assert Validation(tracks=[unicodedata.normalize("NFD", "né")], seed=0).tracks == ["né"]
    none: list[str] = []
    for wrong in (0, none):
        with pytest.raises(ValidationError, match="tracks"):
            Validation.model_validate({"tracks": wrong, "seed": 0})
