"""The three scoring protocols."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import musdb
import museval
import numpy as np
import pandas as pd
import pytest

from cunet.conditions.naming import by_name
from cunet.conditions.sets import scored_conditions, single_conditions
from cunet.errors import UserError
from cunet.evaluation.bounds import BOUNDS
from cunet.evaluation.bss_eval import BSS_EVAL, METRICS, Values
from cunet.evaluation.protocols import Signals
from cunet.evaluation.scores import score_signals, score_track
from cunet.masking.masks import Mask
from cunet.params import Params
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.preprocess.writing import write_track
from cunet.registry.protocols import PROTOCOLS
from cunet.settings.evaluation import Evaluate
from cunet.settings.spectrogram import Spectrogram
from cunet.tracks.folder import tracks
from cunet.tracks.track import FileTrack
from tests.datasets.musdb_trees import RATE, SOURCES, stems, write_wav_folder

SECONDS = 3
CONDITIONS = by_name(single_conditions(sorted(SOURCES)))


@pytest.fixture(scope="module")
def track(tmp_path_factory: pytest.TempPathFactory) -> FileTrack:
    folder = tmp_path_factory.mktemp("hq") / "test"
    write_wav_folder(folder / "A - B", stems(0, SECONDS))
    return tracks(folder)[0]


@pytest.fixture
def spectrogram(params: Params) -> Spectrogram:
    return params.spectrogram


@pytest.fixture
def masks(track: FileTrack, spectrogram: Spectrogram, tmp_path: Path) -> Callable[[str], dict[str, Mask]]:
    """Masks of a bound by its name."""
    write_track(track, tmp_path / "track.h5", spectrogram)

    def masks(bound: str) -> dict[str, Mask]:
        file = TrackSpectrograms(tmp_path / "track.h5")
        return BOUNDS[bound](file, CONDITIONS)

    return masks


def settings(params: Params, protocol: str) -> Evaluate:
    return params.evaluate.model_copy(update={"protocol": protocol})


def test_sisec18_scores_stereo_at_the_rate_of_the_data(
    track: FileTrack, masks: Callable[[str], dict[str, Mask]], spectrogram: Spectrogram
) -> None:
    signals = PROTOCOLS["sisec18"].signals(track, masks("mixture"), spectrogram)
    assert signals.rate == RATE
    assert list(signals.estimates) == list(signals.sources) == sorted(SOURCES)
    for name in SOURCES:
        assert signals.sources[name].shape == signals.estimates[name].shape == (SECONDS * RATE, 2)
        np.testing.assert_array_equal(signals.sources[name], track.read(name)[0])
    below_4_khz = signals.estimates["vocals"]  # the mixture under a mask of ones, at the model's bandwidth
    for channel in (0, 1):  # each channel keeps its own sound
        assert np.corrcoef(below_4_khz[:, channel], signals.mixture[:, channel])[0, 1] > 0.9
    assert np.std(below_4_khz[:, 0]) > 1.2 * np.std(below_4_khz[:, 1])


def test_sisec18_is_what_museval_says_of_the_same_estimates(
    track: FileTrack, masks: Callable[[str], dict[str, Mask]], params: Params
) -> None:
    ideal = masks("ideal-ratio-mask")
    table = (
        score_track(track, ideal, CONDITIONS, params.spectrogram, settings(params, "sisec18"))
        .table()
        .set_index("target")
    )
    estimates = PROTOCOLS["sisec18"].signals(track, ideal, params.spectrogram).estimates
    (database_track,) = musdb.DB(root=str(track.folder.parents[1]), is_wav=True, subsets=["test"])
    expected = museval.eval_mus_track(database_track, estimates).df
    medians = expected.groupby(["target", "metric"])["score"].median().to_dict()
    for target in SOURCES:
        for metric in METRICS:
            assert table.loc[target, metric] == pytest.approx(medians[target, metric], abs=1e-3)


@pytest.mark.parametrize("protocol", ["model-rate", "paper"])
def test_the_other_protocols_score_mono_at_the_rate_of_the_model(
    track: FileTrack, masks: Callable[[str], dict[str, Mask]], spectrogram: Spectrogram, protocol: Any
) -> None:
    signals = PROTOCOLS[protocol].signals(track, masks("mixture"), spectrogram)
    assert signals.rate == spectrogram.sample_rate
    assert signals.mixture.shape == (SECONDS * spectrogram.sample_rate, 1)
    np.testing.assert_allclose(signals.estimates["bass"], signals.mixture, atol=1e-5)


def test_the_paper_scores_target_against_accompaniment_on_the_whole_track(
    track: FileTrack, masks: Callable[[str], dict[str, Mask]], params: Params
) -> None:
    ideal, paper = masks("ideal-ratio-mask"), settings(params, "paper")
    table = score_track(track, ideal, CONDITIONS, params.spectrogram, paper).table().set_index("target")
    found = table[["SDR", "SIR", "SAR"]].T.to_dict("list")
    assert (table["frames"] == 1).all()
    assert table["ISR"].isna().all()
    signals = PROTOCOLS["paper"].signals(track, ideal, params.spectrogram)
    for name in SOURCES:
        others = np.sum([signals.sources[other] for other in SOURCES if other != name], axis=0)
        sdr, sir, sar, _ = museval.metrics.bss_eval_sources(
            np.stack([signals.sources[name], others]).astype(float),
            np.stack([signals.estimates[name], signals.mixture - signals.estimates[name]]).astype(float),
            compute_permutation=False,
        )
        assert found[name] == pytest.approx([sdr[0, 0], sir[0, 0], sar[0, 0]], abs=0.01)


def test_the_mixture_has_a_score_in_the_papers_protocol(
    track: FileTrack, masks: Callable[[str], dict[str, Mask]], params: Params
) -> None:
    """Its accompaniment is silent, and BSS Eval would refuse it."""
    table = score_track(track, masks("mixture"), CONDITIONS, params.spectrogram, settings(params, "paper")).table()
    assert table["SDR"].notna().all()


def test_a_mono_source_of_a_stereo_mixture_is_on_both_channels(spectrogram: Spectrogram) -> None:
    class Track:
        name, instruments = "song", ("a",)

        def read(self, source: str) -> tuple[np.ndarray, int]:
            return np.ones(
                (RATE if source == "mixture" else RATE // 2, 2 if source == "mixture" else 1), np.float32
            ), RATE

    frames = 1 + RATE * spectrogram.sample_rate // RATE // spectrogram.hop
    signals = PROTOCOLS["sisec18"].signals(Track(), {"a": np.ones((129, frames + 1), np.float32)}, spectrogram)
    assert signals.sources["a"].shape == (RATE, 2)
    assert signals.sources["a"][: RATE // 2].all()
    assert not signals.sources["a"][RATE // 2 :].any()


@pytest.mark.parametrize(
    ("engine", "seen"), [("museval", {240: 6.3e9, 60: 2.1e9}), ("bsseval", {240: 0.87e9, 30: 0.28e9})]
)
def test_the_memory_that_scoring_takes_grows_with_the_rate(
    track: FileTrack, params: Params, engine: str, seen: dict[float, float]
) -> None:
    """Of four stereo sources at 44.1 kHz, and what was seen to be taken."""
    chosen = params.evaluate.model_copy(update={"engine": engine})
    for seconds, taken in seen.items():
        assert taken < PROTOCOLS["sisec18"].memory([track], seconds, chosen, 8192, 4) < 1.3 * taken + 0.4e9
    assert PROTOCOLS["model-rate"].memory([track], 240, chosen, 8192, 4) < 1e9


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_gives_the_scores_of_museval_whichever_library_computes_them(
    track: FileTrack, masks: Callable[[str], dict[str, Mask]], params: Params, protocol: str
) -> None:
    ideal = masks("ideal-ratio-mask")
    pairs = by_name(scored_conditions(sorted(SOURCES), params.condition_sets["pairs"]))
    both = {target: z for target, z in pairs.items() if target in ("bass", "vocals", "bass+drums")}
    estimates = {"bass": ideal["bass"], "vocals": ideal["vocals"], "bass+drums": ideal["bass"] + ideal["drums"]}
    first, second = (
        score_track(track, estimates, both, params.spectrogram, chosen).table()
        for engine in ("bsseval", "museval")
        for chosen in [settings(params, protocol).model_copy(update={"engine": engine})]
    )
    pd.testing.assert_frame_equal(first, second, rtol=0, atol=2e-5)  # museval's files have five places


def test_scores_that_are_not_those_of_museval_stop_the_stage(
    track: FileTrack, masks: Callable[[str], dict[str, Mask]], params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    ideal, chosen = masks("ideal-ratio-mask"), settings(params, "model-rate")
    score_track(track, ideal, CONDITIONS, params.spectrogram, chosen, check=True)
    right = BSS_EVAL["bsseval"]["v4"]

    def wrong(*arguments: Any) -> dict[str, Values]:
        scores = right(*arguments)
        scores["drums"]["SIR"] = scores["drums"]["SIR"] + 0.001
        return scores

    monkeypatch.setitem(BSS_EVAL["bsseval"], "v4", wrong)
    with pytest.raises(UserError, match=r"A - B: the SIR of drums differs from museval's by 1\.0e-03 dB"):
        score_track(track, ideal, CONDITIONS, params.spectrogram, chosen, check=True)


def test_a_silent_source_is_left_out_and_noted_in_every_protocol(params: Params) -> None:
    rng = np.random.default_rng(0)
    sources = {name: rng.standard_normal((2 * 8192, 1)).astype(np.float32) for name in ("a", "b")}
    sources["silent"] = np.zeros_like(sources["a"])
    estimates = {
        name: waveform + 0.1 * rng.standard_normal(waveform.shape).astype(np.float32)
        for name, waveform in sources.items()
    }
    signals = Signals(sources, estimates, sources["a"] + sources["b"], 8192)
    conditions = by_name(single_conditions(list(sources)))
    for protocol in PROTOCOLS:
        table = score_signals("song", signals, conditions, settings(params, protocol)).table().set_index("target")
        assert table.loc["silent", "note"] == "silent reference"
        assert table.loc[["a", "b"], "SDR"].tolist() == pytest.approx([20, 20], abs=1)


@pytest.mark.parametrize("protocol", ["paper", "model-rate"])
def test_scores_do_not_depend_on_what_instruments_are_called(params: Params, protocol: str) -> None:
    rng = np.random.default_rng(0)
    one, other, noise = rng.standard_normal((3, 20000, 1)).astype(np.float32)

    def scores(name: str) -> list[float]:
        conditions = {name: {name: 1.0, "vocals": 0.0}, "vocals": {name: 0.0, "vocals": 1.0}}
        estimates = {name: one + 0.1 * noise, "vocals": other + 0.3 * noise}
        signals = Signals({name: one, "vocals": other}, estimates, one + other, 8192)
        table = score_signals("x", signals, conditions, settings(params, protocol)).table()
        return table.set_index("target").loc[[name, "vocals"], "SDR"].tolist()

    expected = scores("bass")
    assert expected[0] > expected[1] > 0
    assert scores("rest of the mixture") == expected
