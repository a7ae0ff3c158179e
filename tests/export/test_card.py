"""The model card."""

import json
from pathlib import Path

import pandas as pd

from cunet.export.card import model_card
from tests.saved import whole_model
from tests.scored import scores_of_three_tracks


def test_the_card_says_what_was_trained_on_what(prepared: Path, tmp_path: Path) -> None:
    card = model_card(whole_model(tmp_path / "model", "simple-dense", prepared), None, "abc123")
    for text in ("# simple-dense", "| seed | 7 |", "2 tracks, 0.1 minutes", "Not scored", "only up to 4096 Hz"):
        assert text in card
    assert "| code commit | abc123 |" in card
    assert "scaled by a random factor in 25% of the patches" in card


def test_the_card_has_the_scores_of_the_model(prepared: Path, tmp_path: Path) -> None:
    scores = scores_of_three_tracks().query("architecture == 'simple-dense'")
    pair = scores[scores["target"] == "vocals"].assign(target="bass+vocals", group="2 instruments")
    pd.concat([scores, pair]).to_csv(tmp_path / "scores.csv", index=False)
    card = model_card(whole_model(tmp_path / "model", "simple-dense", prepared), tmp_path)
    for text in (
        "3 test tracks",
        "Single instruments:",
        "Combinations of 2 instruments:",
        "museval v4 at the model's rate",
    ):
        assert text in card
    row = next(line for line in card.splitlines() if "7.00" in line)
    assert [cell.strip() for cell in row.strip("|").split("|")] == ["7.00", "8.50", "7.75"]
    assert "Not scored" not in card
    assert "**Mean SDR: 7.8 dB on 3 test tracks, none of which it was trained on. The model separates" in card
    assert "| code commit | unknown |" in card


def test_the_card_of_a_model_of_other_data_and_of_older_settings_is_written(prepared: Path, tmp_path: Path) -> None:
    model = whole_model(tmp_path / "model", "unet", prepared)
    training = json.loads((model / "training.json").read_text())
    own = {name: value for name, value in training.items() if not name.startswith("train.epochs")}
    (model / "training.json").write_text(json.dumps(own | {"dataset": "my songs", "train.epochs": 77}))
    card = model_card(model, None)
    for text in ("3 networks", "my songs", "77"):
        assert text in card
    assert "trained only on the conditions" not in card
