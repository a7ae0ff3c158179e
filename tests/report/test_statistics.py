"""Intervals, tests and spread: against what is known of the numbers."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wilcoxon

from cunet.params import Compare
from cunet.report.statistics import differences, intervals, over_seeds, seed_spread

TRACKS = 12
SETTINGS = Compare(published=False, confidence=0.95, resamples=2000)


def rows(name: str, values: np.ndarray, target: str = "vocals", protocol: str = "model-rate") -> pd.DataFrame:
    tracks = [f"track {number}" for number in range(len(values))]
    table = pd.DataFrame({"architecture": name, "protocol": protocol, "track": tracks, "target": target, "SDR": values})
    return table.assign(group="single", ISR=0.0, SIR=0.0, SAR=0.0, frames=10, lost=0, note="")


@pytest.fixture
def first() -> np.ndarray:
    return np.random.default_rng(0).normal(3, 2, TRACKS)


def test_an_interval_holds_the_value_and_narrows_with_more_tracks() -> None:
    rng = np.random.default_rng(0)
    few, many = (rows("a", rng.normal(5, 2, count), protocol="paper") for count in (TRACKS, 40 * TRACKS))
    widths = []
    for table in (few, many):
        own = intervals(table, SETTINGS).set_index("target")
        assert own.loc["vocals", "SDR low"] < table["SDR"].mean() < own.loc["vocals", "SDR high"]
        widths.append(own.loc["vocals", "SDR high"] - own.loc["vocals", "SDR low"])
    standard_error = 2 * 1.96 * 2 / np.sqrt(40 * TRACKS)
    assert widths[1] == pytest.approx(standard_error, rel=0.15)  # what the normal distribution gives for a mean
    assert widths[0] / widths[1] == pytest.approx(np.sqrt(40), rel=0.4)


def test_the_interval_of_the_mean_draws_tracks_with_all_their_targets() -> None:
    """Two targets that move against each other: their mean is the same on every track."""
    up = np.linspace(0, 10, TRACKS)
    table = pd.concat([rows("a", up, "bass", "paper"), rows("a", 10 - up, "vocals", "paper")])
    own = intervals(table, SETTINGS).set_index("target")
    assert own.loc["bass", "SDR high"] - own.loc["bass", "SDR low"] > 2
    assert own.loc["mean", ["SDR low", "SDR high"]].tolist() == pytest.approx([5, 5])


def test_a_missing_score_and_a_single_track_are_no_crash() -> None:
    table = pd.concat([rows("a", np.array([1.0, np.nan, 3.0]), "bass"), rows("a", np.full(3, np.nan), "vocals")])
    own = intervals(table, SETTINGS).set_index("target")
    assert own.loc["bass", ["SDR low", "SDR high"]].tolist() == pytest.approx([1, 3])
    assert intervals(rows("a", np.array([1.0])), SETTINGS)["SDR low"].isna().all()


def test_a_difference_on_every_track_is_found_and_none_is_not(first: np.ndarray) -> None:
    noise = np.random.default_rng(1).normal(0, 1, TRACKS)
    table = pd.concat([rows("first", first), rows("better", first + 1), rows("as good", first + noise - noise.mean())])
    found = differences(table, ["first", "better", "as good"], SETTINGS)
    assert set(found["target"]) == {"vocals", "mean"}
    own = found[found["target"] == "vocals"].set_index(["first", "second"])
    better = own.loc[("first", "better")]
    assert better["difference"] == pytest.approx(1)
    assert better[["low", "high"]].tolist() == pytest.approx([1, 1])
    assert better["effect"] == 1
    assert better["p"] == pytest.approx(2 / 2**TRACKS)
    good = own.loc[("first", "as good")]
    assert good["p"] == pytest.approx(wilcoxon(noise - noise.mean()).pvalue)
    assert good["low"] < 0 < good["high"]
    assert abs(good["effect"]) < 0.5
    assert len(own) == 3
    assert better["p_holm"] == pytest.approx(3 * better["p"])  # the smallest of three
    assert (own["p_holm"] >= own["p"]).all()
    assert own.loc[("better", "as good"), "effect"] < -0.8


def test_the_same_scores_are_no_evidence(first: np.ndarray) -> None:
    found = differences(pd.concat([rows("a", first), rows("b", first)]), ["a", "b"], SETTINGS)
    assert found["p"].tolist() == [1, 1]
    assert found["effect"].tolist() == [0, 0]


def test_tracks_that_one_has_no_score_of_are_left_out(first: np.ndarray) -> None:
    second = first + 1
    second[0] = np.nan
    found = differences(pd.concat([rows("a", first), rows("b", second)]), ["a", "b"], SETTINGS)
    assert found["tracks"].tolist() == [TRACKS - 1] * 2


def test_seeds_are_averaged_track_by_track_and_their_spread_is_told(first: np.ndarray) -> None:
    seeds = [rows("a", first + shift).assign(seed=number) for number, shift in enumerate((-1.0, 0.0, 1.0))]
    bound = rows("mixture", first - 5).assign(seed=0)
    table = pd.concat([bound, *seeds], ignore_index=True)
    averaged = over_seeds(table)
    assert averaged["architecture"].unique().tolist() == ["mixture", "a"]
    np.testing.assert_allclose(averaged[averaged["architecture"] == "a"]["SDR"], first)
    spread = seed_spread(table).set_index(["architecture", "target"])
    assert spread.loc[("a", "vocals"), "seeds"] == 3
    assert spread.loc[("a", "vocals"), "SDR seed std"] == pytest.approx(1)
    assert spread.loc[("mixture", "mean"), "seeds"] == 1


def test_the_same_scores_give_the_same_intervals(first: np.ndarray) -> None:
    pd.testing.assert_frame_equal(intervals(rows("a", first), SETTINGS), intervals(rows("a", first), SETTINGS))
