"""The page to listen on."""

import base64
import io
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile

from cunet.report import listen
from cunet.report.listen import write_listening_page

RATE = 8192
NAMES = ("mixture", "reference", "unet", "simple-dense")
SINGLE = {"bass": {"bass": 1.0, "drums": 0.0}, "drums": {"bass": 0.0, "drums": 1.0}}
BOTH = {"bass+drums": {"bass": 1.0, "drums": 1.0}}


def write_sound(folder: Path, conditions: dict[str, dict[str, float]], adds_up: bool = True) -> None:
    """A tone whose level is that of the condition, times a tenth per name in its order."""
    tone = np.sin(np.arange(RATE) * 2 * np.pi * 440 / RATE)
    for track in ("A & B", "second"):
        for target, condition in conditions.items():
            (folder / track / target).mkdir(parents=True)
            total = sum(condition.values()) if adds_up else 1.5
            for number, name in enumerate(NAMES):
                level = 0.1 if name == "mixture" else total * (number + 1) / 10
                soundfile.write(folder / track / target / f"{name}.flac", level * tone, RATE)


def scores(targets: list[str]) -> pd.DataFrame:
    rows = [
        {"track": track, "target": target, "architecture": name, "SDR": float("nan") if track == "second" else 4.26}
        for track in ("A & B", "second")
        for target in targets
        for name in ("mixture", "unet", "simple-dense")
    ]
    return pd.DataFrame(rows)


def page(tmp_path: Path, conditions: dict[str, dict[str, float]], adds_up: bool = True) -> str:
    write_sound(tmp_path / "sound", conditions, adds_up)
    write_listening_page(tmp_path / "sound", scores(list(conditions)), conditions, "Title", RATE, tmp_path)
    return (tmp_path / "listen.html").read_text()


def players(text: str) -> list[dict[str, Any]]:
    return [json.loads(data) for data in re.findall(r'<script type="application/json">(.*?)</script>', text)]


def level(address: str) -> float:
    kind, data = address.split(",")
    assert kind == "data:audio/mpeg;base64"
    waveform, rate = soundfile.read(io.BytesIO(base64.b64decode(data)))
    assert rate == 16000
    assert len(waveform) == pytest.approx(rate, abs=1200)
    return float(np.abs(waveform[4000:12000]).max())


def test_every_row_plays_its_own_sound(tmp_path: Path) -> None:
    for player in players(page(tmp_path, SINGLE | BOTH)):
        for target, rows in player["targets"].items():
            for row, expected in zip(rows, (0.1, 0.2, 0.3, 0.4), strict=True):
                both = target == "bass+drums" and row["title"] != "mixture"
                found = sum(weight * level(player["sources"][number]["address"]) for number, weight in row["parts"])
                assert found == pytest.approx(expected * (1 + both), rel=0.03)
                assert max(row["peaks"]) == pytest.approx(1000 * expected * (1 + both), abs=2)


def test_the_page_names_tracks_and_titles(tmp_path: Path) -> None:
    text = page(tmp_path, SINGLE)
    assert "<h2>A &amp; B</h2>" in text
    first, second = players(text)
    assert (first["label"], second["label"]) == ("A & B", "second")
    assert [row["title"] for row in first["targets"]["bass"]] == ["mixture", "target", "unet", "simple-dense"]


def test_a_sum_of_instruments_is_no_sound_of_its_own(tmp_path: Path) -> None:
    for player in players(page(tmp_path, SINGLE | BOTH)):
        assert len(player["sources"]) == 1 + 2 * 3  # the mixture once; by instrument the target and the estimates


def test_an_estimate_that_is_no_sum_has_a_sound_of_its_own(tmp_path: Path) -> None:
    for player in players(page(tmp_path, SINGLE | BOTH, adds_up=False)):
        assert len(player["sources"]) == 1 + 3 * 3


def test_estimates_have_their_sdr(tmp_path: Path) -> None:
    first, second = players(page(tmp_path, SINGLE))
    assert [row["note"] for row in first["targets"]["bass"]] == ["SDR 4.3 dB", "", "SDR 4.3 dB", "SDR 4.3 dB"]
    assert [row["note"] for row in second["targets"]["bass"]] == ["not scored", "", "not scored", "not scored"]


def test_of_many_targets_single_instruments_are_heard(tmp_path: Path) -> None:
    between = {f"{level} bass": {"bass": level / 20, "drums": 0.0} for level in range(1, 13)}
    assert all(
        list(player["targets"]) == ["bass"] for player in players(page(tmp_path, {"bass": SINGLE["bass"], **between}))
    )


def test_the_page_is_the_same_every_time(tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    assert page(tmp_path, SINGLE) == page(tmp_path / "again", SINGLE)


def test_tracks_that_would_make_the_page_too_large_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listen, "LARGEST", 30_000)
    text = page(tmp_path, SINGLE)
    assert [player["label"] for player in players(text)] == ["A & B"]
    assert "Not on this page, which would become too large: second." in unescape(text)
