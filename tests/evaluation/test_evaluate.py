"""Evaluation of several tracks at once."""

import os
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest
from distributed import LocalCluster

from cunet import cluster
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
    with pytest.raises(UserError, match="song 0: the SDR of clicks is not that of museval"):
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


def test_an_existing_scheduler_does_the_work(params: Params, tmp_path: Path) -> None:
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as running:
        address = running.scheduler_address
        with cluster.connect(Dask(scheduler=address, workers=None)) as client:
            results = dict(cluster.for_each(client, abs, [-1, -2, -3], lambda item: (item,), "test"))
        assert results == {-1: 1, -2: 2, -3: 3}
        assert running.scheduler_info["workers"]


def test_a_worker_that_is_killed_is_one_line() -> None:
    """As the system or dask kills one that takes too much memory."""
    with (
        cluster.connect(Dask(scheduler=None, workers=1)) as client,
        pytest.raises(UserError, match=r"test: a worker was killed.*dask\.workers"),
    ):
        list(cluster.for_each(client, os._exit, [1], lambda item: (item,), "test"))


def test_a_local_cluster_has_no_more_workers_than_memory_for_them(capsys: pytest.CaptureFixture[str]) -> None:
    many = Dask(scheduler=None, workers=4)
    free = psutil.virtual_memory().available
    assert cluster.local_workers(many, 0) == cluster.local_workers(many, free // 8) == 4
    assert capsys.readouterr().out == ""
    assert cluster.local_workers(many, free // 2 - 10**8) == 2
    assert "2 of 4 worker(s)" in capsys.readouterr().out
    assert cluster.local_workers(Dask(scheduler=None, workers=1), 2 * free) == 1
    assert "a track needs" in capsys.readouterr().out


def test_what_is_done_is_not_run_again(tmp_path: Path) -> None:
    with cluster.connect(Dask(scheduler=None, workers=1)) as client:
        results = cluster.for_each(
            client, abs, [-1, -2, -3], lambda item: (item,), "test", done=lambda item: item == -2
        )
        assert dict(results) == {-1: 1, -3: 3}


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    with (
        pytest.raises(UserError, match=r"dask\.scheduler.*tcp://127\.0\.0\.1:9"),
        cluster.connect(Dask(scheduler="tcp://127.0.0.1:9", workers=None)),
    ):
        pass
