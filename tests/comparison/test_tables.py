"""The tables of a comparison."""

from pathlib import Path

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from cunet.comparison.statistics import intervals
from cunet.comparison.tables import metrics, metrics_table, sdr_table, summarise
from cunet.params import Params
from cunet.report.sdr_plot import draw_sdr
from tests.scored import COLUMNS, scores_of_three_tracks, sections


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
    assert values["cunet"] == {"SDR bass": 8.5, "SDR vocals": 7.0, "SDR mean": 7.75}
    assert values["mixture"] == {"SDR mean": 2.75}


def test_the_papers_tables_are_means_and_deviations(params: Params) -> None:
    sdr = {("x", "bass"): 1.0, ("y", "bass"): 5.0, ("x", "vocals"): 2.0, ("y", "vocals"): 2.0}
    rows = [("unet", "paper", *key, "single", value, np.nan, 0.0, 0.0, 1, 0, "") for key, value in sdr.items()]
    scores = pd.DataFrame(rows, columns=COLUMNS).assign(**{"SI-SDR": 0.0, "SDR 2021": 0.0})
    summary = summarise(scores)
    table = summary.set_index("target")
    assert table["SDR"].to_dict() == {"bass": 3.0, "vocals": 2.0, "mean": 2.5}
    assert table["SDR std"].to_dict() == pytest.approx({"bass": 2.0, "vocals": 0.0, "mean": 1.5})
    (section,) = sections("scores", scores, params)
    assert section.table is not None
    assert section.table["bass"].tolist() == ["3.00 ± 2.00"]
    assert "BSS Eval v3" in section.text[0]


def test_combinations_have_a_mean_and_a_table_of_their_own(scores: pd.DataFrame, params: Params) -> None:
    pair = scores[scores["target"] == "vocals"].assign(target="bass+vocals", group="2 instruments")
    half = pair.assign(target="0.5 bass", group="in between", SDR=-1.0)
    summary = summarise(pd.concat([scores, pair, half]))
    table = summary.set_index(["architecture", "target"])["SDR"]
    assert table["mixture", "mean"] == 2.75  # of the single instruments alone
    assert table["simple-dense", "mean of 2 instruments"] == table["simple-dense", "bass+vocals"] == 7
    assert table["mixture", "mean of in between"] == -1
    assert sdr_table(summary, "2 instruments").columns.tolist() == ["architecture", "bass+vocals", "mean"]
    titles = [section.title for section in sections("combinations", pd.concat([scores, pair, half]), params)]
    assert titles == ["SDR of combinations of 2 instruments", "SDR of values in between"]
    assert metrics(summary, "simple-dense")["mixture"] == {
        "SDR mean": 2.75,
        "SDR mean of 2 instruments": 2,
        "SDR mean of in between": -1,
    }


def test_of_very_many_conditions_the_report_shows_the_mean(
    scores: pd.DataFrame, tmp_path: Path, params: Params
) -> None:
    many = [scores[scores["target"] == "vocals"].assign(target=f"{n} a", group="in between") for n in range(40)]
    everything = pd.concat([scores, *many])
    summary = summarise(everything)
    assert sdr_table(summary, "in between").columns.tolist() == ["architecture", "mean"]
    (section,) = sections("combinations", everything, params)
    assert section.notes == ["The 40 conditions one by one are in sdr.csv."]
    bounds = intervals(everything, params.compare)
    draw_sdr(everything, summary.merge(bounds, "left", ["architecture", "target"]), 0.95, tmp_path / "sdr.png")
    height, width = matplotlib.image.imread(tmp_path / "sdr.png").shape[:2]
    assert height < width  # one panel, not a second with forty targets


def test_many_instruments_are_drawn_and_tabled(scores: pd.DataFrame, tmp_path: Path, params: Params) -> None:
    vocals = scores[scores["target"] == "vocals"]
    everything = pd.concat([vocals.assign(target=f"instrument {number}") for number in range(12)])
    summary = summarise(everything).merge(intervals(everything, params.compare), "left", ["architecture", "target"])
    assert sdr_table(summary, "single").shape == (2, 1 + 12 + 1)
    draw_sdr(everything, summary, 0.95, tmp_path / "sdr.png")
    assert (tmp_path / "sdr.png").stat().st_size > 10_000


def test_a_perfect_estimate_is_said_to_be_one_and_spoils_no_plot(
    scores: pd.DataFrame, tmp_path: Path, params: Params
) -> None:
    pair = scores[scores["target"] == "vocals"].assign(target="all", group="2 instruments")
    pair.loc[pair["architecture"] == "mixture", "SDR"] = 131.0
    everything = pd.concat([scores, pair])
    summary = summarise(everything).merge(intervals(everything, params.compare), "left", ["architecture", "target"])
    assert sdr_table(summary, "2 instruments")["all"].str.startswith(">60").tolist() == [True, False]
    draw_sdr(everything, summary, 0.95, tmp_path / "sdr.png")
    assert (tmp_path / "sdr.png").stat().st_size > 10_000
