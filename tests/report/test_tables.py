"""The tables of a comparison."""

import numpy as np
import pandas as pd
import pytest

from cunet.report.tables import metrics, summarise, to_markdown

COLUMNS = ["architecture", "protocol", "track", "target", "SDR", "ISR", "SIR", "SAR", "frames", "lost", "note"]


@pytest.fixture
def scores() -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    for name, gain in (("mixture", 0.0), ("simple-dense", 5.0)):
        for track, sdr in (("x", 1.0), ("y", 2.0), ("z", 9.0)):
            rows.append((name, "model-rate", track, "vocals", sdr + gain, 1, 1, 1, 40, 3, ""))
            silent = track == "z"
            values = [np.nan] * 4 if silent else [sdr + gain + 2, 1, 1, 1]
            note = "silent reference" if silent else ""
            rows.append((name, "model-rate", track, "bass", *values, 0 if silent else 40, 0 if silent else 3, note))
    return pd.DataFrame(rows, columns=COLUMNS)


def test_the_summary_is_medians_over_tracks_and_their_mean_over_targets(scores: pd.DataFrame) -> None:
    summary = summarise(scores)
    assert list(summary.columns) == ["architecture", "protocol", "target", "tracks", "SDR", "ISR", "SIR", "SAR"]
    assert list(summary["architecture"].unique()) == ["mixture", "simple-dense"]
    table = summary.set_index(["architecture", "target"])
    assert table.loc[("mixture", "vocals"), "SDR"] == 2
    assert table.loc[("mixture", "bass"), "SDR"] == 3.5
    assert table.loc[("mixture", "mean"), "SDR"] == 2.75
    assert table.loc[("simple-dense", "mean"), "SDR"] == 7.75
    assert table["tracks"].tolist() == [2, 3, 3, 2, 3, 3]


def test_the_markdown_says_what_was_left_out(scores: pd.DataFrame) -> None:
    text = to_markdown(summarise(scores), scores)
    assert "| simple-dense   |" in text
    assert "7.75" in text
    assert "9 of 120" in text
    assert text.count("Not scored: bass of z (silent reference).") == 1


def test_a_target_without_a_score_is_no_zero(scores: pd.DataFrame) -> None:
    scores.loc[scores["target"] == "bass", ["SDR", "ISR", "SIR", "SAR"]] = np.nan
    summary = summarise(scores)
    assert "–" in to_markdown(summary, scores)
    assert summary.loc[summary["target"] == "mean", "SDR"].tolist() == [2, 7]


def test_metrics_keep_their_names_when_film_and_control_change(scores: pd.DataFrame) -> None:
    values = metrics(summarise(scores), "simple-dense")
    assert values["cunet"] == {"SDR bass": 8.5, "SDR vocals": 7.0, "SDR mean": 7.75}
    assert values["mixture"] == {"SDR mean": 2.75}


def test_the_papers_tables_are_means_and_deviations() -> None:
    sdr = {("x", "bass"): 1.0, ("y", "bass"): 5.0, ("x", "vocals"): 2.0, ("y", "vocals"): 2.0}
    rows = [("unet", "paper", *key, value, np.nan, 0.0, 0.0, 1, 0, "") for key, value in sdr.items()]
    scores = pd.DataFrame(rows, columns=COLUMNS)
    summary = summarise(scores)
    table = summary.set_index("target")
    assert table["SDR"].to_dict() == {"bass": 3.0, "vocals": 2.0, "mean": 2.5}
    assert table["SDR std"].to_dict() == pytest.approx({"bass": 2.0, "vocals": 0.0, "mean": 1.5})
    text = to_markdown(summary, scores)
    assert "3.00 ± 2.00" in text
    assert "BSS Eval v3" in text
