"""Settings of the interpretation."""

import unicodedata

import pytest
from pydantic import ValidationError

from cunet.settings.interpretation import Interpret


def test_a_path_leads_from_one_instrument_to_another() -> None:
    assert Interpret(path=None, steps=3, tracks=1).path is None
    assert Interpret(path=["bass", "drums"], steps=3, tracks=1).path == ["bass", "drums"]
    with pytest.raises(ValidationError, match="leads from né to itself"):
        Interpret(path=["né", unicodedata.normalize("NFD", "né")], steps=3, tracks=1)
    for wrong in (["bass"], ["bass", "drums", "other"]):
        with pytest.raises(ValidationError, match="path"):
            Interpret(path=wrong, steps=3, tracks=1)
