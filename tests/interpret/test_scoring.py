"""SDR of an estimate against every instrument."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cunet.conditions.naming import by_name
from cunet.evaluation.bounds import BOUNDS
from cunet.evaluation.scores import score_track
from cunet.interpret.scoring import aggregate, estimates_of_a_track, score_against_all
from cunet.params import Params
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.settings.interpretation import Interpret
from cunet.tracks import folder
from tests.conftest import SINGLES, TRIO


def test_an_estimate_scored_against_one_source_has_the_sdr_that_it_has_among_all(
    params: Params, prepared: Path, songs: Path
) -> None:
    (track, _), single = folder.tracks(songs / "test"), by_name(SINGLES)
    file = TrackSpectrograms(prepared / "test" / "song 0.h5")
    mask = BOUNDS["ideal-ratio-mask"](file, single)["noise"]
    together = score_track(track, dict.fromkeys(single, mask), single, params.spectrogram, params.evaluate).table()
    alone = score_against_all(track, {"x": mask}, {"x": single["noise"]}, params.spectrogram, params.evaluate)
    assert alone["target"].tolist() == [*TRIO, "requested mix"]
    assert alone["SDR"].tolist()[:3] == pytest.approx(together["SDR"].tolist(), abs=1e-4)
    assert alone["SDR"].iloc[3] == alone["SDR"].iloc[1]


def test_a_silent_estimate_has_no_score_and_an_unconditioned_one_none_against_a_request(
    params: Params, track: TrackSpectrograms, songs: Path
) -> None:
    silence, mixture = (np.full((track.bins, track.frames), value, np.float32) for value in (0, 1))
    (song, _), masks = folder.tracks(songs / "test"), {"silent": silence, "mixture": mixture}
    table = score_against_all(song, masks, {"silent": by_name(SINGLES)["tone"]}, params.spectrogram, params.evaluate)
    assert table["estimate"].unique().tolist() == ["mixture"]
    assert table["target"].tolist() == list(TRIO)


def test_tracks_are_put_together_as_the_protocol_says(params: Params) -> None:
    tables = [
        pd.DataFrame([("mixture", "bass", sdr)], columns=["estimate", "target", "SDR"]) for sdr in (1.0, 2.0, 9.0)
    ]
    for protocol, expected in (("model-rate", 2), ("paper", 4)):
        chosen = params.evaluate.model_copy(update={"protocol": protocol})
        assert aggregate(tables, chosen).to_numpy().tolist() == [["mixture", "bass", expected]]


def test_estimates_are_steps_instruments_mixture_and_the_unet_alone() -> None:
    assert estimates_of_a_track(TRIO, Interpret(path=None, steps=5, tracks=1)) == 5 + 3 + 2
