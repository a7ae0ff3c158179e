"""Scores in the runs of what was scored."""

import json
from pathlib import Path

import mlflow
import pytest

from cunet.store import find
from cunet.tracking.results import log_scores
from tests.scored import scores_of_three_tracks, with_combinations


@pytest.fixture
def results(mlflow_store: Path) -> Path:
    """The results of a bound."""
    folder = mlflow_store / "results" / "bounds" / "mixture"
    folder.mkdir(parents=True)
    with_combinations(scores_of_three_tracks()).query("architecture == 'mixture'").to_csv(
        folder / "scores.csv", index=False
    )
    (folder / "evaluation.json").write_text('{"evaluate.protocol": "model-rate", "data.test": "abc"}')
    return folder


def test_a_bound_has_a_run_with_its_sdr_by_target_and_group(results: Path) -> None:
    log_scores(results, None)
    (run,) = find({"cunet.model": "mixture"})
    assert run.info.run_name == "mixture"
    assert run.data.params == {"evaluate.protocol": "model-rate"}
    assert run.data.tags["data.test"] == "abc"
    description = run.data.tags["mlflow.note.content"]
    assert description.startswith("SDR in dB, museval v4")
    assert "| architecture   |   vocals |   bass |   mean |" in description
    assert run.data.metrics == {
        "sdr/vocals": 2,
        "sdr/bass": 3.5,
        "sdr/mean": 2.75,
        "sdr of 2 instruments/bass and vocals": 2,
        "sdr of 2 instruments/mean of 2 instruments": 2,
        "sdr of in between/0.5 bass": -1,
        "sdr of in between/mean of in between": -1,
    }


def test_its_table_begins_with_the_value_over_tracks(results: Path, mlflow_store: Path) -> None:
    log_scores(results, None)
    (run,) = find({"cunet.model": "mixture"})
    table = json.loads((mlflow_store / "mlartifacts" / run.info.run_id / "artifacts" / "sdr_by_track.json").read_text())
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
    assert table["columns"][:2] == ["score", "SDR"]
    assert (rows[0]["score"], rows[0]["SDR"]) == ("median over tracks: vocals", 2)
    assert [row["SDR"] for row in rows if row["score"] == "z: bass"] == [None]
    assert len(rows) == 7 + 4 * 3


def test_the_same_results_are_shown_once_and_others_in_a_run_of_their_own(results: Path) -> None:
    for _ in range(2):
        log_scores(results, None)
    assert len(find({"cunet.model": "mixture"})) == 1
    (results / "scores.csv").write_text((results / "scores.csv").read_text().replace(",-1.0,", ",-2.0,"))
    log_scores(results, None)
    values = [run.data.metrics["sdr of in between/0.5 bass"] for run in find({"cunet.model": "mixture"})]
    assert values == [-2, -1]


def test_what_a_failure_left_is_completed_in_the_same_run(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise OSError("upload timed out")

    with monkeypatch.context() as failing:
        failing.setattr(mlflow, "log_table", fail)
        with pytest.raises(OSError, match="timed out"):
            log_scores(results, None)
    (half,) = find({"cunet.model": "mixture"})
    assert half.info.status == "FAILED"
    for _ in range(2):
        log_scores(results, None)
    (run,) = find({"cunet.model": "mixture"})
    assert (run.info.run_id, run.info.status) == (half.info.run_id, "FINISHED")
    assert run.data.metrics["sdr/mean"] == 2.75
