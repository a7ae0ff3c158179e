"""Outputs of the pipeline that are damaged: the reader names the file, and how to get it back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cunet.conditions.tables import read_conditions
from cunet.errors import UserError
from cunet.evaluation.evaluate import read_scores
from cunet.preprocess.indexes import read_index
from cunet.preprocess.spectrogram import TrackSpectrograms, tracks_fingerprint
from cunet.tracking.results import read_evaluation
from cunet.train.cost import Cost
from cunet.train.history import read_history, read_provenance
from tests.saved import whole_model
from tests.scored import scores_of_three_tracks

Outputs = dict[Path, Callable[[], object]]
OTHERS = (b"", b"nonsense \xff\xfe \0", b"[1, 2]", b'{"a": 1}')


@pytest.fixture
def outputs(prepared: Path, tmp_path: Path) -> Outputs:
    """Files that stages read, and their readers."""
    model = whole_model(tmp_path / "model", "simple-dense", prepared)
    track = tmp_path / "tracks" / "song 0.h5"
    track.parent.mkdir()
    track.write_bytes((prepared / "test" / "song 0.h5").read_bytes())
    index = tmp_path / "training.csv"
    index.write_bytes((prepared / "indexes" / "training.csv").read_bytes())
    (tmp_path / "results").mkdir()
    scores_of_three_tracks().to_csv(tmp_path / "results" / "scores.csv", index=False)
    (tmp_path / "results" / "evaluation.json").write_text('{"evaluate.window": 1.0, "data.test": "0123456789abcdef"}')
    conditions = tmp_path / "conditions.csv"
    conditions.write_text("bass,vocals\n1,0\n0,1\n")
    return {
        model / "history.csv": lambda: read_history(model),
        model / "training.json": lambda: read_provenance(model),
        model / "cost.json": lambda: Cost.load(model),
        track: lambda: (TrackSpectrograms(track), tracks_fingerprint(track.parent)),
        index: lambda: read_index(index),
        tmp_path / "results" / "scores.csv": lambda: read_scores(tmp_path / "results"),
        tmp_path / "results" / "evaluation.json": lambda: read_evaluation(tmp_path / "results"),
        conditions: lambda: read_conditions(conditions),
    }


def test_a_damaged_or_missing_output_is_one_line(outputs: Outputs) -> None:
    for path, read in outputs.items():
        read()
        whole = path.read_bytes()
        for content in (*OTHERS, whole[: len(whole) // 30]):
            path.write_bytes(content)
            with pytest.raises(UserError) as error:
                read()
            text = str(error.value)
            assert text.startswith(f"{path}: missing or damaged ("), text
            assert text.endswith("). Restore it with dvc checkout, or write it again with dvc repro."), text
            assert "\n" not in text
        path.unlink()
        with pytest.raises(UserError, match="missing or damaged \\(No such file or directory\\)"):
            read()
