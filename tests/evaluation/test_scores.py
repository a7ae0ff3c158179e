"""museval scores, and what silence does to them."""

import json
from pathlib import Path

import museval
import numpy as np
import pytest

from cunet.evaluation.protocols import METRICS, Signals
from cunet.evaluation.scores import TrackScores, score_signals
from cunet.params import Evaluate, Params
from cunet.preprocess.spectrogram import Mono

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
    return score_signals("song", Signals(references, estimates, mixture[:, None], RATE), settings)


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
    assert table["note"].tolist() == ["silence in every frame"] * 2
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
