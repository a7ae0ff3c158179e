"""Training curves as a picture."""

from pathlib import Path

import matplotlib.image
import pandas as pd
import pytest

from cunet.report.training_plot import draw_training


def curves(networks: list[str], epochs: int = 3) -> pd.DataFrame:
    rows = [
        (network, epoch, patches, number / epoch)
        for network in networks
        for epoch in range(1, epochs + 1)
        for number, patches in enumerate(("training", "validation"), 1)
    ]
    return pd.DataFrame(rows, columns=["network", "epoch", "patches", "loss"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "training.png"


def test_seeds_share_a_panel_and_networks_have_their_own(path: Path) -> None:
    sizes = []
    for networks in (
        ["simple-dense"],
        ["simple-dense, seed 0", "simple-dense, seed 1"],
        [f"unet: {number}" for number in range(5)],
    ):
        draw_training(curves(networks), path)
        sizes.append(matplotlib.image.imread(path).shape[:2])
    assert sizes[0] == sizes[1]
    assert sizes[2][0] > 1.5 * sizes[0][0]  # a second row
    assert sizes[2][1] > 1.5 * sizes[0][1]


def test_a_single_epoch_is_seen(path: Path) -> None:
    pictures = []
    for epochs in (1, 2):
        draw_training(curves(["unet"], epochs), path)
        pictures.append(matplotlib.image.imread(path))
    blue = [((picture[..., 2] > 0.6) & (picture[..., 0] < 0.3)).sum() for picture in pictures]
    assert blue[0] > 50  # more than the line of the legend
