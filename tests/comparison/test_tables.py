"""The tables of a comparison."""

import numpy as np
import pandas as pd
import pytest

from cunet.comparison.tables import metrics, metrics_table, sdr_table, summarise
from tests.scored import (
    of_many_instruments,
    scores_by_the_paper,
    scores_of_three_tracks,
    with_a_perfect_estimate,
    with_combinations,
    with_many_conditions,
)


@pytest.fixture
def scores() -> pd.DataFrame:
    return scores_of_three_tracks()


def test_the_summary_is_medians_over_tracks_and_their_mean_over_targets(scores: pd.DataFrame) -> None:
    summary = summarise(scores)
    assert list(summary.columns) == [
        *("architecture", "protocol", "group", "target", "tracks", "SDR", "ISR", "SIR", "SAR", "SI-SDR", "SDR 2021")
    ]
    assert list(summary["architecture"].unique()) == ["mixture", "simple-dense"]
    table = summary.set_index(["architecture", "target"])
    assert table.loc[("mixture", "vocals"), "SDR"] == 2
    assert table.loc[("mixture", "bass"), "SDR"] == 3.5
    assert table.loc[("mixture", "mean"), "SDR"] == 2.75
    assert table.loc[("simple-dense", "mean"), "SDR"] == 7.75
    assert table["tracks"].tolist() == [3, 2, 3, 3, 2, 3]


def test_scores_of_whole_tracks_are_means_over_tracks_whatever_the_protocol(scores: pd.DataFrame) -> None:
    table = summarise(scores).set_index(["architecture", "target"])
    assert table.loc[("mixture", "vocals"), "SI-SDR"] == 3
    assert table.loc[("mixture", "vocals"), "SDR 2021"] == 5
    assert table.loc[("mixture", "mean"), "SDR 2021"] == pytest.approx((5 + 4.5) / 2)
    shown = metrics_table(summarise(scores))
    assert list(shown.columns) == ["architecture", "SDR", "ISR", "SIR", "SAR", "SI-SDR", "SDR 2021"]
    assert shown["SDR 2021"].tolist() == ["4.75", "9.75"]


def test_a_target_without_a_score_is_no_zero(scores: pd.DataFrame) -> None:
    scores.loc[scores["target"] == "bass", ["SDR", "ISR", "SIR", "SAR"]] = np.nan
    summary = summarise(scores)
    assert sdr_table(summary, "single")["bass"].tolist() == ["–", "–"]
    assert summary.loc[summary["target"] == "mean", "SDR"].tolist() == [2, 7]


def test_metrics_keep_their_names_when_film_and_control_change(scores: pd.DataFrame) -> None:
    values = metrics(summarise(scores), "simple-dense")
    assert values["cunet"] == {"bass": 8.5, "vocals": 7.0, "mean": 7.75}
    assert values["mixture"]["mean"] == 2.75


def test_the_papers_tables_are_means_and_deviations() -> None:
    table = summarise(scores_by_the_paper()).set_index("target")
    assert table["SDR"].to_dict() == {"bass": 3.0, "vocals": 2.0, "mean": 2.5}
    assert table["SDR std"].to_dict() == pytest.approx({"bass": 2.0, "vocals": 0.0, "mean": 1.5})


def test_combinations_have_a_mean_and_a_table_of_their_own(scores: pd.DataFrame) -> None:
    summary = summarise(with_combinations(scores))
    table = summary.set_index(["architecture", "target"])["SDR"]
    assert table["mixture", "mean"] == 2.75  # of the single instruments alone
    assert table["simple-dense", "mean of 2 instruments"] == table["simple-dense", "bass+vocals"] == 7
    assert table["mixture", "mean of in between"] == -1
    assert sdr_table(summary, "2 instruments").columns.tolist() == ["architecture", "bass+vocals", "mean"]
    means = {"mean": 2.75, "mean of 2 instruments": 2, "mean of in between": -1}
    found = metrics(summary, "simple-dense")["mixture"]
    assert found.items() >= means.items()
    assert found.keys() - means.keys() == {"bass", "vocals"}


def test_of_very_many_conditions_the_table_shows_the_mean(scores: pd.DataFrame) -> None:
    summary = summarise(with_many_conditions(scores))
    assert sdr_table(summary, "in between").columns.tolist() == ["architecture", "mean"]


def test_of_many_instruments_the_table_shows_each(scores: pd.DataFrame) -> None:
    assert sdr_table(summarise(of_many_instruments(scores)), "single").shape == (2, 1 + 12 + 1)


def test_a_perfect_estimate_is_said_to_be_one(scores: pd.DataFrame) -> None:
    summary = summarise(with_a_perfect_estimate(scores))
    assert sdr_table(summary, "2 instruments")["all"].tolist() == [">60", "7.00"]
