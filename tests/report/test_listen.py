"""The page to listen on."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from cunet.report.listen import write_listening_page

NAMES = ("mixture", "reference", "unet", "simple-dense")


def write_sound(folder: Path, targets: list[str]) -> None:
    for track in ("A & B", "second"):
        for target in targets:
            (folder / track / target).mkdir(parents=True)
            for number, name in enumerate(NAMES):
                soundfile.write(folder / track / target / f"{name}.flac", np.full(80, (number + 1) / 10), 8192)


def scores(targets: list[str]) -> pd.DataFrame:
    rows = [
        {"track": track, "target": target, "architecture": name, "SDR": float("nan") if track == "second" else 4.26}
        for track in ("A & B", "second")
        for target in targets
        for name in ("mixture", "unet", "simple-dense")
    ]
    return pd.DataFrame(rows)


def page(tmp_path: Path, conditions: dict[str, dict[str, float]]) -> str:
    write_sound(tmp_path / "sound", list(conditions))
    write_listening_page(tmp_path / "sound", scores(list(conditions)), conditions, "Title", tmp_path)
    return (tmp_path / "listen.html").read_text()


def levels(text: str) -> dict[str, float]:
    """What each player plays, by its label."""
    found = re.findall(r'src="data:audio/flac;base64,([^"]+)" aria-label="([^"]+)"', text)
    return {
        label: round(float(soundfile.read(io.BytesIO(base64.b64decode(sound)))[0].mean()), 3) for sound, label in found
    }


def test_every_player_plays_its_own_sound(tmp_path: Path) -> None:
    text = page(tmp_path, {"bass": {"bass": 1, "drums": 0}, "bass+drums": {"bass": 1, "drums": 1}})
    expected = {}
    for track in ("A &amp; B", "second"):
        expected[f"{track}: mixture"] = 0.1
        for target in ("bass", "bass+drums"):
            for name, level in {"target": 0.2, "unet": 0.3, "simple-dense": 0.4}.items():
                expected[f"{track}: {target}, {name}"] = level
    assert levels(text) == expected


def test_estimates_have_their_sdr(tmp_path: Path) -> None:
    text = page(tmp_path, {"bass": {"bass": 1, "drums": 0}})
    assert text.count("4.3 dB") == 2
    assert text.count("not scored") == 2


def test_of_many_targets_single_instruments_are_heard(tmp_path: Path) -> None:
    between = {f"{level} bass": {"bass": level / 10, "drums": 0.0} for level in range(1, 13)}
    text = page(tmp_path, {"bass": {"bass": 1, "drums": 0}, **between})
    assert set(levels(text)) >= {"second: bass, unet"}
    assert "1 bass" not in text
