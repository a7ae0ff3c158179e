"""SDR over tracks as a picture."""

from collections.abc import Callable
from pathlib import Path

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from cunet.comparison.statistics import intervals
from cunet.comparison.tables import summarise
from cunet.params import Params
from cunet.report.sdr_plot import draw_sdr
from tests.scored import of_many_instruments, with_a_perfect_estimate, with_combinations, with_many_conditions

Draw = Callable[[pd.DataFrame], np.ndarray]


@pytest.fixture
def draw(params: Params, tmp_path: Path) -> Draw:
    """The pixels of the plot of some scores."""

    def draw(scores: pd.DataFrame) -> np.ndarray:
        summary = summarise(scores).merge(intervals(scores, params.compare), "left", ["architecture", "target"])
        draw_sdr(scores, summary, 0.95, tmp_path / "sdr.png")
        return matplotlib.image.imread(tmp_path / "sdr.png")

    return draw


def test_of_very_many_conditions_none_is_drawn(scores: pd.DataFrame, draw: Draw) -> None:
    np.testing.assert_array_equal(draw(with_many_conditions(scores)), draw(scores))


def test_each_group_of_targets_has_a_panel(scores: pd.DataFrame, draw: Draw) -> None:
    assert len(draw(with_combinations(scores))) > 2 * len(draw(scores))


def test_many_instruments_widen_the_picture(scores: pd.DataFrame, draw: Draw) -> None:
    assert draw(of_many_instruments(scores)).shape[1] > draw(scores).shape[1]


def test_a_perfect_estimate_spoils_no_plot(scores: pd.DataFrame, draw: Draw) -> None:
    everything = with_a_perfect_estimate(scores)
    np.testing.assert_array_equal(
        draw(everything), draw(everything[everything["SDR"].isna() | (everything["SDR"] < 100)])
    )
