"""Evaluation of several tracks at once."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cunet.conditions.naming import by_name
from cunet.errors import UserError
from cunet.evaluation.bounds import BOUNDS
from cunet.evaluation.bss_eval import BSS_EVAL, Values
from cunet.evaluation.evaluate import evaluate, read_scores
from cunet.evaluation.scores import score_track
from cunet.params import Params
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.preprocess.writing import write_track
from cunet.settings.cluster import Dask
from cunet.tracks import folder
from tests.conftest import SINGLES, write_song


def test_every_track_is_scored_with_its_own_estimates(params: Params, tmp_path: Path) -> None:
    (tmp_path / "spectrograms").mkdir()
    for number in range(8):
        write_song(tmp_path / "test" / f"song {number}", seconds=3, seed=number)
    tracks = folder.tracks(tmp_path / "test")
    for track in tracks:
        write_track(track, tmp_path / "spectrograms" / f"{track.name}.h5", params.spectrogram)
    estimate, conditions = BOUNDS["ideal-ratio-mask"], by_name(SINGLES)
    out = tmp_path / "out"
    out.mkdir()
    evaluate(
        "ideal-ratio-mask",
        estimate,
        conditions,
        tracks,
        tmp_path / "spectrograms",
        params.spectrogram,
        params.evaluate,
        Dask(scheduler=None, workers=2),
        out,
    )
    table = read_scores(out)
    assert table["track"].unique().tolist() == [track.name for track in tracks]
    for track in tracks:
        file = TrackSpectrograms(tmp_path / "spectrograms" / f"{track.name}.h5")
        expected = score_track(
            track, estimate(file, conditions), conditions, params.spectrogram, params.evaluate
        ).table()
        found = table[table["track"] == track.name].reset_index(drop=True)
        pd.testing.assert_series_equal(found["SDR"], expected["SDR"], atol=1e-6)
    assert len(list((out / "test").glob("*.json"))) == 8


def test_a_stage_whose_scores_are_not_those_of_museval_stops(
    params: Params, prepared: Path, songs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*signals: Any) -> dict[str, Values]:
        return {
            name: {metric: column + 0.001 for metric, column in values.items()}
            for name, values in BSS_EVAL["museval"]["v4"](*signals).items()
        }

    monkeypatch.setitem(BSS_EVAL["bsseval"], "v4", wrong)
    with pytest.raises(UserError, match="song 0: the SDR of clicks differs from museval's"):
        evaluate(
            "mixture",
            BOUNDS["mixture"],
            by_name(SINGLES),
            folder.tracks(songs / "test"),
            prepared / "test",
            params.spectrogram,
            params.evaluate,
            Dask(scheduler=None, workers=1),
            tmp_path,
        )
