"""Loading a model from wherever it is kept."""

import shutil
from pathlib import Path

import h5py
import pytest

import cunet
from cunet.errors import UserError


def test_missing_and_foreign_models_are_said(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def copy(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for file in model_folder.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        return folder

    bare, lost, torn, evil = (copy(name) for name in ("bare", "lost", "torn", "evil"))
    (bare / "architecture.json").unlink()
    (lost / "simple-dense.weights.h5").unlink()
    (torn / "simple-dense.weights.h5").write_bytes(b"nothing of use")
    description = (evil / "architecture.json").read_text()
    (evil / "architecture.json").write_text(description.replace('"tone"', '"../../tone"'))
    reasons: dict[str | Path, str] = {
        tmp_path / "none": "no such model",
        bare: "no architecture.json",
        lost: "has no file simple-dense.weights.h5",
        torn: "no model that can be loaded",
        evil: "no model that can be loaded",
        "models:/none@best": "there is no mlflow.db here",
    }
    for source, reason in reasons.items():
        with pytest.raises(UserError, match=reason) as error:
            cunet.load_model(source)
        assert str(source) in str(error.value)
        assert "\n" not in str(error.value)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    with pytest.raises(UserError, match=r"models:/none@best: no such model in MLflow \(.*none"):
        cunet.load_model("models:/none@best")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(UserError, match="no such model in MLflow"):
        cunet.load_model("models:/none@best")


def test_weights_of_an_older_control_network_are_refused(model_folder: Path, tmp_path: Path) -> None:
    """They have the same names, and would give other gammas and betas without a word."""
    older = Path(shutil.copytree(model_folder, tmp_path / "older"))
    cunet.load_model(older)
    with h5py.File(older / "simple-dense.weights.h5", "r+") as file:
        del file["layers/rescaling"]
    with pytest.raises(UserError, match=r"older: was trained by an older version.*train it again"):
        cunet.load_model(older)
