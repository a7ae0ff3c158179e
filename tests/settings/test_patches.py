"""Settings of the patches."""

import unicodedata

import pytest
from pydantic import ValidationError

from cunet.settings.patches import Validation


def test_validation_tracks_are_a_number_or_names() -> None:
    assert Validation(tracks=2, seed=0).tracks == 2
    assert Validation(tracks=[unicodedata.normalize("NFD", "né")], seed=0).tracks == ["né"]
    none: list[str] = []
    for wrong in (0, none):
        with pytest.raises(ValidationError, match="tracks"):
            Validation.model_validate({"tracks": wrong, "seed": 0})
