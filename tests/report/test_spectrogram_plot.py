"""Spectrograms of examples as pictures."""

from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from cunet.params import Params
from cunet.report.spectrogram_plot import draw_spectrograms

DPI = 110
LEFT, RIGHT, TOP, BOTTOM = 0.8, 1.05, 0.65, 0.5  # inches around the panels


def brightness(path: Path) -> np.ndarray:
    """Of the pixels with the panels in them, from the lowest frequency up."""
    picture = matplotlib.image.imread(path)[..., :3].sum(axis=-1)
    height, width = picture.shape
    rows, columns = (
        slice(round(TOP * DPI), height - round(BOTTOM * DPI)),
        slice(round(LEFT * DPI), width - round(RIGHT * DPI)),
    )
    return np.asarray(picture[rows, columns][::-1])


@pytest.mark.parametrize("hertz", [1024, 3072])
def test_a_tone_is_a_bright_line_at_its_frequency(params: Params, tmp_path: Path, hertz: int) -> None:
    tone = np.sin(2 * np.pi * hertz * np.arange(8192) / 8192).astype(np.float32)
    draw_spectrograms({"unet": {"bass": tone}}, ["bass"], params.spectrogram, "song", tmp_path / "x.png")
    rows = brightness(tmp_path / "x.png")[3:-3, 20:-20].mean(axis=1)
    assert rows.argmax() / len(rows) == pytest.approx(hertz / 4096, abs=0.03)


def test_all_panels_have_one_colour_scale(params: Params, tmp_path: Path) -> None:
    loud = np.random.default_rng(0).standard_normal(8192).astype(np.float32)
    columns = {"mixture": {"bass": loud, "vocals": loud}, "unet": {"bass": 0.01 * loud, "vocals": loud}}
    draw_spectrograms(columns, ["bass", "vocals"], params.spectrogram, "song", tmp_path / "x.png")
    picture = brightness(tmp_path / "x.png")
    height, width = (length // 2 for length in picture.shape)
    lower, upper = picture[: height - 10], picture[height + 10 :]
    quiet, others = upper[:, width + 10 :], (upper[:, : width - 10], lower[:, : width - 10], lower[:, width + 10 :])
    assert all(other.mean() > quiet.mean() + 0.5 for other in others)


def test_there_is_a_column_per_label_and_a_row_per_target(params: Params, tmp_path: Path) -> None:
    sound = np.ones(2000, np.float32)
    for labels, targets in ((1, 1), (3, 1), (1, 3)):
        columns = {str(label): {str(target): sound for target in range(targets)} for label in range(labels)}
        path = tmp_path / f"{labels} {targets}.png"
        draw_spectrograms(columns, [str(target) for target in range(targets)], params.spectrogram, "", path)
        height, width = matplotlib.image.imread(path).shape[:2]
        assert height == pytest.approx((1.8 * targets + TOP + BOTTOM) * DPI, abs=1)
        assert width == pytest.approx((2.4 * labels + LEFT + RIGHT) * DPI, abs=1)
