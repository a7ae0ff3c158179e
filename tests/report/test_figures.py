"""Figures, whatever names they show."""

import os
import subprocess
import sys
from pathlib import Path

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot

from cunet.comparison.statistics import intervals
from cunet.comparison.tables import summarise
from cunet.params import Params
from cunet.report.figures import save
from cunet.report.interpretation_plots import draw_modulations, draw_path, draw_projection
from cunet.report.sdr_plot import draw_sdr
from cunet.report.spectrogram_plot import draw_spectrograms
from tests.conftest import ROOT

NASTY = ("$5 for $x", r"$\frac{1}{$ _^", "曲 <b>|`#%?")


def drawn(title: str, path: Path) -> np.ndarray:
    figure, axes = pyplot.subplots(figsize=(2, 1))
    axes.set_title(title)
    save(figure, path)
    return matplotlib.image.imread(path)


def test_a_character_that_the_usual_font_lacks_is_drawn_in_another(tmp_path: Path) -> None:
    first, second = [drawn(letter, tmp_path / "x.png") for letter in "ⒶⒷ"]  # of STIX, which comes with matplotlib
    assert not np.array_equal(first, second)  # boxes would be the same


@pytest.mark.parametrize("name", NASTY)
def test_every_picture_shows_a_name_as_it_is(params: Params, tmp_path: Path, name: str) -> None:
    targets = ["_x", name]
    sounds = {target: np.ones(2000, np.float32) for target in targets}
    modulation = pd.DataFrame(
        [(target, kind, "encoder_1", 1, number) for number, target in enumerate(targets) for kind in ("gamma", "beta")],
        columns=["condition", "kind", "block", "map", "value"],
    )
    steps = pd.DataFrame(
        [(step, target, 1.0) for step in ("0.00", "1.00") for target in (*targets, "requested mix")],
        columns=["estimate", "target", "SDR"],
    )
    metrics = dict.fromkeys(("SDR", "ISR", "SIR", "SAR", "SI-SDR", "SDR 2021"), 1.0)
    scores = pd.DataFrame(
        [
            {"architecture": "unet", "protocol": "model-rate", "track": name, "target": target, "group": "single"}
            | metrics
            for target in targets
        ]
    )
    summary = summarise(scores).merge(intervals(scores, params.compare), "left", ["architecture", "target"])
    draw_spectrograms({name: sounds}, targets, params.spectrogram, name, tmp_path / "spectrograms.png")
    draw_modulations(modulation, "gamma", tmp_path / "gamma.png")
    draw_projection(modulation, dict.fromkeys(targets, "single"), targets, tmp_path / "projection.png")
    draw_path(steps, "_x", name, 1, tmp_path / "path.png")
    draw_sdr(scores, summary, 0.95, tmp_path / "sdr.png")
    assert len(list(tmp_path.glob("*.png"))) == 5


def test_characters_that_no_font_has_are_no_flood_of_warnings(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from matplotlib import pyplot; from cunet.report.figures import save\n"
        "figure, axes = pyplot.subplots(); axes.set_title('曲歌'); figure.canvas.draw(); save(figure, Path('x.png'))\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert (tmp_path / "x.png").exists()
