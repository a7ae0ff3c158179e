"""Notes of what MLflow does not have yet."""

from pathlib import Path

import pytest

from cunet.store import fingerprint
from cunet.tracking.note import Note, delete, note_of_model, note_of_training


def test_a_model_has_a_note_of_its_own_also_in_an_experiment_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = tmp_path / "models" / "cunet" / "0"
    model.mkdir(parents=True)
    path = note_of_model(fingerprint(model))
    written = Note("run", "identity", "", {"size_and_time/train_seconds": 90})
    written.write(path)
    (tmp_path / "experiment").mkdir()
    monkeypatch.chdir(tmp_path / "experiment")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    assert Note.read(note_of_model(fingerprint(model))) == written
    (model / "weights").write_text("of a later training")
    assert Note.read(note_of_model(fingerprint(model))) == Note()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"other": 1}'])
def test_a_damaged_note_is_none(tmp_path: Path, text: str) -> None:
    path = note_of_training(tmp_path)
    path.write_text(text)
    assert Note.read(path) == Note()


def test_a_deleted_note_leaves_no_empty_folder(tmp_path: Path) -> None:
    for other in (True, False):
        path = note_of_training(tmp_path / "checkpoints")
        Note().write(path)
        if other:
            (tmp_path / "checkpoints" / "bass.h5").touch()
        delete(path)
        assert (tmp_path / "checkpoints").exists() is other
        (tmp_path / "checkpoints" / "bass.h5").unlink(missing_ok=True)
