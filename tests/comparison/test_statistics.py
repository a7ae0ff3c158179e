"""Intervals, tests and spread: against what is known of the numbers."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, wilcoxon

from cunet.comparison.statistics import differences, intervals, over_seeds, seed_spread
from cunet.settings.comparison import Compare

TRACKS = 12
SETTINGS = Compare(published=False, confidence=0.95, resamples=2000, margin=0.3, still_falling=0.02)


def rows(name: str, values: np.ndarray, target: str = "vocals", protocol: str = "model-rate") -> pd.DataFrame:
    tracks = [f"track {number}" for number in range(len(values))]
    table = pd.DataFrame({"architecture": name, "protocol": protocol, "track": tracks, "target": target, "SDR": values})
    zeros = dict.fromkeys(["ISR", "SIR", "SAR", "SI-SDR", "SDR 2021"], 0.0)
    return table.assign(group="single", **zeros, frames=10, lost=0, note="", seed=0)


def bounds(table: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Interval of every target."""
    own = intervals(table, SETTINGS)
    return dict(zip(own["target"], zip(own["SDR low"], own["SDR high"], strict=True), strict=True))


def compared(table: pd.DataFrame, first: str, second: str) -> dict[Any, Any]:
    """The row of a pair for the target vocals."""
    found = differences(table, list(table["architecture"].unique()), SETTINGS)
    ((_, row),) = found.query("target == 'vocals' and first == @first and second == @second").iterrows()
    return row.to_dict()


@pytest.fixture
def first() -> np.ndarray:
    return np.random.default_rng(0).normal(3, 2, TRACKS)


def test_an_interval_holds_the_value_and_narrows_with_more_tracks() -> None:
    rng = np.random.default_rng(0)
    few, many = (rows("a", rng.normal(5, 2, count), protocol="paper") for count in (TRACKS, 40 * TRACKS))
    widths = []
    for table in (few, many):
        low, high = bounds(table)["vocals"]
        assert low < table["SDR"].mean() < high
        widths.append(high - low)
    standard_error = 2 * 1.96 * 2 / np.sqrt(40 * TRACKS)
    assert widths[1] == pytest.approx(standard_error, rel=0.15)  # what the normal distribution gives for a mean
    assert widths[0] / widths[1] == pytest.approx(np.sqrt(40), rel=0.4)


def test_the_interval_of_the_mean_draws_tracks_with_all_their_targets() -> None:
    """Two targets that move against each other: their mean is the same on every track."""
    up = np.linspace(0, 10, TRACKS)
    table = pd.concat([rows("a", up, "bass", "paper"), rows("a", 10 - up, "vocals", "paper")])
    low, high = bounds(table)["bass"]
    assert high - low > 2
    assert bounds(table)["mean"] == pytest.approx((5, 5))


def test_a_missing_score_and_a_single_track_are_no_crash() -> None:
    table = pd.concat([rows("a", np.array([1.0, np.nan, 3.0]), "bass"), rows("a", np.full(3, np.nan), "vocals")])
    assert bounds(table)["bass"] == pytest.approx((1, 3))
    assert intervals(rows("a", np.array([1.0])), SETTINGS)["SDR low"].isna().all()


def test_a_difference_on_every_track_is_found_and_none_is_not(first: np.ndarray) -> None:
    noise = np.random.default_rng(1).normal(0, 1, TRACKS)
    table = pd.concat([rows("first", first), rows("better", first + 1), rows("as good", first + noise - noise.mean())])
    better, good = compared(table, "first", "better"), compared(table, "first", "as good")
    assert [better[name] for name in ("difference", "low", "high", "effect")] == pytest.approx([1, 1, 1, 1])
    assert better["p"] == pytest.approx(2 / 2**TRACKS)
    assert better["p_holm"] == pytest.approx(3 * better["p"])  # the smallest of three
    assert good["p"] == pytest.approx(wilcoxon(noise - noise.mean()).pvalue)
    assert good["low"] < 0 < good["high"]
    assert abs(good["effect"]) < 0.5
    assert compared(table, "better", "as good")["effect"] < -0.8
    found = differences(table, ["first", "better", "as good"], SETTINGS)
    assert found["target"].tolist() == ["vocals"] * 3 + ["mean"] * 3
    assert (found["p_holm"] >= found["p"]).all()


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
    assert spread["seeds"].to_dict() == {
        ("mixture", "vocals"): 1,
        ("mixture", "mean"): 1,
        ("a", "vocals"): 3,
        ("a", "mean"): 3,
    }
    assert spread["SDR seed std"].tail(2).tolist() == pytest.approx([1, 1])


def test_the_same_scores_give_the_same_intervals(first: np.ndarray) -> None:
    pd.testing.assert_frame_equal(intervals(rows("a", first), SETTINGS), intervals(rows("a", first), SETTINGS))


def test_a_target_that_one_misses_on_a_track_gives_the_other_no_advantage(first: np.ndarray) -> None:
    """Both are the same but for an estimate of the hard target that is silent, and so has no score."""
    easy, hard = (pd.concat([rows("a", v, name), rows("b", v, name)]) for v, name in ((first, "x"), (first - 9, "y")))
    table = pd.concat([easy, hard], ignore_index=True)
    table.loc[(table["architecture"] == "b") & (table["target"] == "y") & (table["track"] == "track 0"), "SDR"] = np.nan
    found = differences(table, ["a", "b"], SETTINGS)
    assert found["difference"].abs().max() == 0


def test_what_was_wrong_with_any_seed_is_noted(first: np.ndarray) -> None:
    seeds = [rows("a", first).assign(seed=number) for number in (0, 1)]
    for column, value in (("SDR", np.nan), ("note", "silent estimate"), ("lost", 10)):
        seeds[1].loc[0, column] = value
    averaged = over_seeds(pd.concat(seeds))
    assert averaged.loc[0, "note"] == "silent estimate"
    assert averaged.loc[0, "lost"] == 10
    assert averaged.loc[0, "SDR"] == pytest.approx(first[0])


def test_the_interval_of_a_difference_draws_tracks_and_seeds() -> None:
    """Its variance is that of tracks plus that of both architectures' seeds, as of means of independent draws."""
    rng = np.random.default_rng(0)
    tracks, seeds = 200, 12
    base = rng.normal(0, 1, tracks)
    shifts = {name: rng.normal(0, 0.8, seeds) for name in ("a", "b")}
    table = pd.concat(
        rows(name, base + shift + rng.normal(0, 0.5, tracks), protocol="paper").assign(seed=seed)
        for name, own in shifts.items()
        for seed, shift in enumerate(own)
    )
    found = compared(table, "a", "b")
    assert found["difference"] == pytest.approx(shifts["b"].mean() - shifts["a"].mean(), abs=0.05)
    expected = np.sqrt(sum(own.var(ddof=1) for own in shifts.values()) / seeds)
    assert (found["high"] - found["low"]) / (2 * 1.96) == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize(("shift", "spread", "equivalent"), [(0.0, 0.2, True), (0.0, 2.0, False), (1.0, 0.2, False)])
def test_equivalence_needs_a_difference_that_is_surely_small(
    shift: float, spread: float, equivalent: bool, first: np.ndarray
) -> None:
    noise = np.random.default_rng(1).normal(0, spread, TRACKS)
    table = pd.concat(
        rows(name, values, protocol="paper").assign(seed=seed)
        for name, values in (("a", first), ("b", first + shift + noise))
        for seed in (0, 1)
    )
    found = compared(table, "a", "b")
    assert (found["p_equivalent"] < 0.05) is equivalent
    standard_error = noise.std(ddof=1) / np.sqrt(TRACKS)
    expected = max(norm.sf((0.3 + side * (shift + noise.mean())) / standard_error) for side in (-1, 1))
    assert found["p_equivalent"] == pytest.approx(expected, abs=0.05)


def test_seeds_that_differ_by_more_than_the_margin_prove_no_equivalence(first: np.ndarray) -> None:
    table = pd.concat(
        rows(name, first + shift, protocol="paper").assign(seed=seed)
        for name in ("a", "b")
        for seed, shift in enumerate((-1.0, 0.0, 1.0))
    )
    found = compared(table, "a", "b")
    assert found["difference"] == pytest.approx(0)
    assert found["p_equivalent"] > 0.1
    assert found["low"] < -0.5


def test_one_seed_proves_no_equivalence(first: np.ndarray) -> None:
    """It does not tell how far another training would be."""
    assert np.isnan(compared(pd.concat([rows("a", first), rows("b", first)]), "a", "b")["p_equivalent"])
