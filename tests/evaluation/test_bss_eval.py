"""BSS Eval by version and engine."""

from typing import Any

import numpy as np
import pytest

from cunet.evaluation.bss_eval import BSS_EVAL, METRICS, Version, is_silent, sdr_alone, whole_track
from cunet.signals.arrays import Waveform

RATE = 4096
VERSIONS: tuple[Version, ...] = ("v4", "v3")


def noise(seed: int, channels: int = 1) -> Waveform:
    return np.random.default_rng(seed).standard_normal((3 * RATE, channels)).astype(np.float32)


def references() -> dict[str, Waveform]:
    return {name: noise(seed) for seed, name in enumerate(("bass", "drums", "vocals"))}


@pytest.mark.parametrize("version", VERSIONS)
def test_both_engines_give_the_same_scores_by_name(version: Version) -> None:
    sources = references()
    estimates = {name: sources[name] + 0.1 * sources["drums"] + 0.1 * noise(9) for name in ("vocals", "bass")}
    ours, theirs = (BSS_EVAL[engine][version](sources, estimates, RATE, RATE) for engine in ("bsseval", "museval"))
    assert list(ours) == list(theirs) == ["vocals", "bass"]
    for name, scores in ours.items():
        assert list(scores) == METRICS
        for metric in METRICS:
            np.testing.assert_allclose(scores[metric], theirs[name][metric], atol=1e-4)
        assert scores["SDR"] == pytest.approx(17, abs=0.7)  # two errors of a tenth
        assert scores["SIR"] == pytest.approx(20, abs=0.7)  # one of them another source
    assert len(ours["bass"]["SDR"]) == (3 if version == "v4" else 1)


def test_a_frame_in_which_an_estimate_is_silent_is_lost_for_all() -> None:
    sources = references()
    estimates = {name: source + 0.1 * noise(9) for name, source in sources.items()}
    estimates["drums"][RATE : 2 * RATE] = 0
    scores = BSS_EVAL["bsseval"]["v4"](sources, estimates, RATE, RATE)
    for values in scores.values():
        assert np.isnan(values["SDR"]).tolist() == [False, True, False]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_sdr_of_an_estimate_does_not_depend_on_the_other_sources(version: Version) -> None:
    sources = references()
    rough = sources["bass"] + 0.2 * noise(9)
    among: Any = BSS_EVAL["bsseval"][version](sources, {"bass": rough}, RATE, RATE)["bass"]["SDR"]
    np.testing.assert_allclose(sdr_alone(version, sources["bass"], rough, RATE, RATE), among, atol=1e-6)


def test_channels_that_cancel_out_are_silent_as_to_museval() -> None:
    one = noise(0)
    assert is_silent(0 * one)
    assert is_silent(np.hstack([one, -one]))
    assert not is_silent(np.hstack([one, -0.5 * one]))


def test_scores_of_a_whole_track_differ_where_the_level_is_wrong() -> None:
    source, error = noise(0), noise(1)
    scores = whole_track(source, 0.5 * source)
    assert scores["SDR 2021"] == pytest.approx(20 * np.log10(2), abs=1e-3)
    assert scores["SI-SDR"] > 60
    rough = whole_track(source, source + 0.1 * error)
    assert rough == {"SI-SDR": pytest.approx(20, abs=0.3), "SDR 2021": pytest.approx(20, abs=0.3)}
