"""The model card."""

from pathlib import Path

from cunet.export.card import model_card
from tests.export.conftest import whole_model


def test_the_card_says_what_was_trained_on_what(prepared: Path, tmp_path: Path) -> None:
    card = model_card(whole_model(tmp_path / "model", "simple-dense", prepared), None, "abc123")
    for text in ("# simple-dense", "| seed | 7 |", "2 tracks, 0.1 minutes", "Not scored", "nothing above 4096 Hz"):
        assert text in card
    assert "| commit of the code | abc123 |" in card
    assert "in 25% of the patches one of them scaled" in card
