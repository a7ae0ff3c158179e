"""Settings of what scores, explains and compares."""

import unicodedata

import pytest
from pydantic import ValidationError

from cunet.settings.scoring import Evaluate, Interpret


def evaluate(protocol: str, window: float, hop: float) -> Evaluate:
    return Evaluate(protocol=protocol, engine="bsseval", conditions="single", window=window, hop=hop, overlap=0.5)


def test_the_frames_of_sisec18_are_its_own() -> None:
    assert evaluate("sisec18", 1, 1).hop == 1
    assert evaluate("model-rate", 2, 1.5).window == 2
    for window, hop in ((2, 1), (1, 0.5)):
        with pytest.raises(ValidationError, match="must be 1 second for the protocol sisec18"):
            evaluate("sisec18", window, hop)


def test_a_path_leads_from_one_instrument_to_another() -> None:
    assert Interpret(path=None, steps=3, tracks=1).path is None
    assert Interpret(path=["bass", "drums"], steps=3, tracks=1).path == ["bass", "drums"]
    with pytest.raises(ValidationError, match="leads from né to itself"):
        Interpret(path=["né", unicodedata.normalize("NFD", "né")], steps=3, tracks=1)
    for wrong in (["bass"], ["bass", "drums", "other"]):
        with pytest.raises(ValidationError, match="path"):
            Interpret(path=wrong, steps=3, tracks=1)
