"""museval scores, and what silence does to them."""

import json
from pathlib import Path

import museval
import numpy as np
import pytest

from cunet.conditions.naming import by_name
from cunet.conditions.sets import single_conditions
from cunet.evaluation.bss_eval import METRICS
from cunet.evaluation.protocols import Signals
from cunet.evaluation.scores import TrackScores, check_against_museval, score_signals
from cunet.params import Params
from cunet.registry.protocols import PROTOCOLS
from cunet.settings.evaluation import Evaluate
from cunet.signals.arrays import Mono

RATE = 8192
SECONDS = 5


@pytest.fixture
def settings(params: Params) -> Evaluate:
    return params.evaluate


def noise(seed: int, seconds: float = SECONDS) -> Mono:
    return 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE)).astype(np.float32)


def score(settings: Evaluate, sources: dict[str, Mono], estimates: dict[str, Mono]) -> TrackScores:
    mixture = np.sum(list(sources.values()), axis=0)
    references, estimates = (
        {name: waveform[:, None] for name, waveform in group.items()} for group in (sources, estimates)
    )
    conditions = by_name(single_conditions(list(sources)))
    return score_signals("song", Signals(references, estimates, mixture[:, None], RATE), conditions, settings)


def estimates(error: float, **sources: Mono) -> dict[str, Mono]:
    """Each source with white noise `error` times its level."""
    return {name: waveform + error * noise(99, len(waveform) / RATE) for name, waveform in sources.items()}


def test_the_score_is_that_of_museval_in_its_own_format(tmp_path: Path, settings: Evaluate) -> None:
    sources = {"a": noise(1), "b": noise(2), "c": noise(3)}
    scores = score(settings, sources, estimates(0.1, **sources))
    table = scores.table().set_index("target")
    assert list(table.index) == ["a", "b", "c"]
    assert table["SDR"].to_numpy() == pytest.approx(20, abs=0.5)  # an error of a tenth
    assert (table["frames"] == SECONDS).all()
    assert (table["lost"] == 0).all()
    results = tmp_path / "estimates" / "test"
    results.mkdir(parents=True)
    (results / "song.json").write_text(scores.json)
    store = museval.EvalStore()
    store.add_eval_dir(tmp_path / "estimates")
    aggregated = store.agg_frames_scores()
    for target in table.index:
        for metric in METRICS:
            assert table.loc[target, metric] == pytest.approx(aggregated["song", target, metric], abs=1e-4)


def test_a_source_that_is_silent_throughout_is_left_out_and_reported(settings: Evaluate) -> None:
    audible = {"a": noise(1), "b": noise(2)}
    sources = {**audible, "silent": np.zeros_like(noise(1))}
    scores = score(settings, sources, estimates(0.1, **sources))
    table = scores.table().set_index("target")
    assert table.loc[["a", "b"], "SDR"].to_numpy() == pytest.approx(20, abs=0.5)
    assert table["SDR"].isna().tolist() == [False, False, True]
    assert table.loc["silent", "note"] == "silent reference"
    assert [target["name"] for target in json.loads(scores.json)["targets"]] == ["a", "b"]


def test_a_silent_estimate_does_not_stop_the_others(settings: Evaluate) -> None:
    sources = {"a": noise(1), "b": noise(2), "c": noise(3)}
    silenced = {**estimates(0.1, **sources), "b": np.zeros_like(sources["b"])}
    table = score(settings, sources, silenced).table().set_index("target")
    assert table.loc["b", "note"] == "silent estimate"
    assert table.loc[["a", "c"], "SDR"].notna().all()


def test_frames_in_which_a_source_is_silent_are_counted(settings: Evaluate) -> None:
    resting = noise(2)
    resting[2 * RATE : 4 * RATE] = 0
    sources = {"a": noise(1), "b": resting}
    table = score(settings, sources, estimates(0.1, **sources)).table()
    assert table["lost"].tolist() == [2, 2]
    assert table["frames"].tolist() == [5, 5]
    assert table["SDR"].to_numpy() == pytest.approx(20, abs=1)


def test_a_track_without_a_frame_in_which_all_sound_says_so(settings: Evaluate) -> None:
    first, second = noise(1, 4), noise(2, 4)
    first[: 2 * RATE] = 0
    second[2 * RATE :] = 0
    sources = {"a": first, "b": second}
    table = score(settings, sources, estimates(0.1, **sources)).table()
    assert table["note"].tolist() == ["no finite score in any frame"] * 2
    assert table["SDR"].isna().all()


@pytest.mark.parametrize("seconds", [0.1, 0.5, 0.99])
def test_a_track_shorter_than_a_window_is_scored_on_what_it_has(settings: Evaluate, seconds: float) -> None:
    sources = {"a": noise(1, seconds), "b": noise(2, seconds)}
    scores = score(settings, sources, estimates(0.1, **sources))
    assert scores.table()["SDR"].to_numpy() == pytest.approx(20, abs=3)
    (frame,) = json.loads(scores.json)["targets"][0]["frames"]
    assert frame["duration"] == pytest.approx(seconds, abs=1e-3)


def test_everything_silent_is_no_score_and_no_crash(settings: Evaluate) -> None:
    sources = {"a": np.zeros_like(noise(1)), "b": np.zeros_like(noise(1))}
    table = score(settings, sources, estimates(0, **sources)).table()
    assert table["note"].tolist() == ["silent reference"] * 2


def told(settings: Evaluate, mixed: dict[str, dict[str, float]], error: float = 0.1) -> TrackScores:
    """Scores of estimates that are what each condition asks for, and noise `error` times the level of one source."""
    sources = {"a": noise(1), "b": noise(2), "c": noise(3)}
    columns = {name: waveform[:, None] for name, waveform in sources.items()}
    error_signal = error * noise(99)[:, None]
    made = {
        name: sum(np.float32(weight) * columns[source] for source, weight in condition.items()) + error_signal
        for name, condition in mixed.items()
    }
    mixture = np.sum(list(columns.values()), axis=0)
    return score_signals("song", Signals(columns, made, mixture, RATE), mixed, settings)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_combination_is_scored_against_the_sum_of_its_sources(settings: Evaluate, protocol: str) -> None:
    conditions = {
        "a": {"a": 1.0, "b": 0.0, "c": 0.0},
        "a+b": {"a": 1.0, "b": 1.0, "c": 0.0},
        "0.5 c": {"a": 0.0, "b": 0.0, "c": 0.5},
        "all": {"a": 1.0, "b": 1.0, "c": 1.0},
    }
    scores = told(settings.model_copy(update={"protocol": protocol}), conditions)
    table = scores.table().set_index("target")
    assert list(table.index) == list(conditions)
    assert table["group"].tolist() == ["single", "2 instruments", "in between", "3 instruments"]
    power_over_error = np.array([1, 2, 0.25, 3]) / 0.1**2
    assert table["SDR"].to_numpy() == pytest.approx(10 * np.log10(power_over_error), abs=0.6)
    assert {target["name"] for target in json.loads(scores.json)["targets"]} == set(conditions)


def test_the_score_of_an_instrument_does_not_depend_on_what_else_is_scored(settings: Evaluate) -> None:
    single = by_name(single_conditions(("a", "b", "c")))
    alone = told(settings, single).table()
    beside = told(settings, single | {"a+b": {"a": 1.0, "b": 1.0, "c": 0.0}}).table()
    assert beside.iloc[:3].equals(alone)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_level_that_is_not_the_one_asked_for_costs_score_where_the_protocol_says(
    settings: Evaluate, protocol: str
) -> None:
    """An estimate at full level where half was asked for: as much error as there is signal."""
    settings = settings.model_copy(update={"protocol": protocol})
    sources = {"a": noise(1)[:, None], "b": noise(2)[:, None]}
    signals = Signals(sources, {"0.5 a": sources["a"]}, sources["a"] + sources["b"], RATE)
    table = score_signals("song", signals, {"0.5 a": {"a": 0.5, "b": 0.0}}, settings).table()
    if PROTOCOLS[protocol].any_level:
        assert table["SDR"].iloc[0] > 30
    else:
        assert table["SDR"].iloc[0] == pytest.approx(0, abs=0.1)


def test_what_asks_for_silence_has_no_score_and_does_not_stop_the_others(settings: Evaluate) -> None:
    table = told(settings, {"none": dict.fromkeys("abc", 0.0), "all": dict.fromkeys("abc", 1.0)}).table()
    assert table["note"].tolist() == ["silent reference", ""]
    assert table["SDR"].isna().tolist() == [True, False]


def stereo(*sources: tuple[int, int]) -> Signals:
    """Sources by the seeds of their channels, and an estimate of each with an error of a tenth."""
    waveforms = {
        name: np.stack([noise(seed) for seed in seeds], axis=1) for name, seeds in zip("abc", sources, strict=False)
    }
    rough = {name: waveform + 0.1 * np.stack([noise(98), noise(99)], axis=1) for name, waveform in waveforms.items()}
    return Signals(waveforms, rough, np.asarray(sum(waveforms.values())), RATE)


def test_channels_that_cancel_out_are_silence(settings: Evaluate) -> None:
    """As museval has it, which sums them."""
    signals = stereo((1, 1), (2, 3), (4, 5))
    signals.sources["a"][:, 1] *= -1
    table = score_signals("song", signals, by_name(single_conditions(list(signals.sources))), settings).table()
    assert table.set_index("target")["note"].to_dict() == {"a": "silent reference", "b": "", "c": ""}


def test_a_rest_whose_channels_cancel_out_is_left_out(settings: Evaluate) -> None:
    """A combination is scored against the rest of the mixture, where that is not silent."""
    signals = stereo((1, 2), (3, 4), (5, 5))
    signals.sources["c"][:, 1] *= -1
    signals.estimates["a+b"] = signals.estimates["a"] + signals.estimates["b"]
    table = score_signals("song", signals, {"a+b": {"a": 1.0, "b": 1.0, "c": 0.0}}, settings).table()
    assert table["SDR"].iloc[0] == pytest.approx(17, abs=0.5)  # two sources, and the same error twice


def test_what_museval_cannot_score_is_not_checked_and_said(
    settings: Evaluate, capsys: pytest.CaptureFixture[str]
) -> None:
    click = np.zeros((SECONDS * RATE, 1), np.float32)
    click[:: RATE // 2] = 1
    rough = click + 0.1 * noise(1)[:, None]
    signals = Signals({"a": click, "b": click}, {"a": rough, "b": rough}, 2 * click, RATE)
    check_against_museval("song", signals, by_name(single_conditions(["a", "b"])), settings)
    assert "song: not checked against museval, which cannot score it" in capsys.readouterr().out
