"""The note of a training that MLflow does not have whole."""

import json
from pathlib import Path

import pytest

from cunet.store import fingerprint
from cunet.tracking.note import Note, note_file, unlogged


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "models" / "cunet" / "0"
    folder.mkdir(parents=True)
    (folder / "training.json").write_text(json.dumps({"architecture": "simple-dense", "seed": 0}))
    return folder


def test_a_model_has_the_note_of_its_training_and_of_no_other(model: Path) -> None:
    note, path = unlogged(model)
    assert (note, path) == (Note(), Path("checkpoints/simple-dense/0/mlflow_run.json"))
    written = Note("run", "identity", fingerprint(model), {"size_and_time/train_seconds": 90})
    written.write(path)
    assert unlogged(model) == (written, path)
    (model / "weights").write_text("of a later training")
    assert unlogged(model) == (Note(), path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"other": 1}'])
def test_a_damaged_note_is_none(model: Path, text: str) -> None:
    path = note_file(model)
    path.write_text(text)
    assert Note.read(path) == Note()


def test_a_deleted_note_leaves_no_empty_folder(tmp_path: Path) -> None:
    for other in (True, False):
        path = note_file(tmp_path / "checkpoints")
        Note().write(path)
        if other:
            (tmp_path / "checkpoints" / "bass.h5").touch()
        Note().delete(path)
        assert (tmp_path / "checkpoints").exists() is other
        (tmp_path / "checkpoints" / "bass.h5").unlink(missing_ok=True)
