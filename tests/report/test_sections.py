"""What the report says, section by section."""

import pandas as pd
import pytest

from cunet.params import Params
from tests.scored import scores_of_three_tracks, sections


@pytest.fixture
def scores() -> pd.DataFrame:
    return scores_of_three_tracks()


def test_the_report_says_what_was_left_out(scores: pd.DataFrame, params: Params) -> None:
    (section,) = sections("scores", scores, params)
    assert section.table is not None
    assert section.table.iloc[1].tolist() == ["simple-dense", "7.00", "8.50", "7.75"]
    assert any("9 of 120" in note for note in section.notes)
    assert section.notes.count("Not scored: bass of z (silent reference).") == 1


def test_a_single_track_has_a_difference_without_an_interval(scores: pd.DataFrame, params: Params) -> None:
    alone = scores[scores["track"] == "x"]
    (section,) = sections("differences", alone, params)
    assert section.table is not None
    (row,) = section.table.to_dict("records")
    assert row["second against first"] == "simple-dense – mixture"
    assert row["difference, dB"] == "+5.00"
    assert row["p"] == "1.000"
