"""Loading a model from wherever it is kept."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

import cunet
from cunet import loading
from cunet.errors import UserError
from cunet.export.card import CARD
from cunet.loading import STARTER, find_model
from tests.conftest import ROOT


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

    bare, lost, torn, unsigned, evil = (copy(name) for name in ("bare", "lost", "torn", "unsigned", "evil"))
    (bare / "architecture.json").unlink()
    (lost / "simple-dense.weights.h5").unlink()
    for folder in (torn, unsigned):
        (folder / "simple-dense.weights.h5").write_bytes(b"nothing of use")
    described = json.loads((unsigned / "architecture.json").read_text())
    del described["sha256"]  # as in models of before
    (unsigned / "architecture.json").write_text(json.dumps(described))
    description = (evil / "architecture.json").read_text()
    (evil / "architecture.json").write_text(description.replace('"tone"', '"../../tone"'))
    reasons: dict[str | Path, str] = {
        tmp_path / "none": "no such model",
        bare: "no architecture.json",
        lost: "no file simple-dense.weights.h5",
        torn: r"simple-dense\.weights\.h5 is damaged \(wrong checksum\)",
        unsigned: "cannot be loaded",
        evil: r"architecture\.json is damaged \(instruments\.2: ",
        "models:/none@best": "no mlflow.db in this workspace",
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
    with pytest.raises(
        UserError, match=r"older: was trained with the control network of an older version\. Train it again"
    ):
        cunet.load_model(older)


def test_a_folder_that_mlflow_packed_is_found_in_it_and_one_around_a_model_is_told(
    model_folder: Path, tmp_path: Path
) -> None:
    packed = Path(shutil.copytree(model_folder, tmp_path / "packed" / "artifacts" / "model"))
    assert find_model(tmp_path / "packed") == packed
    assert cunet.load_model(tmp_path / "packed").instruments == ("clicks", "noise", "tone")
    around = Path(shutil.copytree(model_folder, tmp_path / "models" / "cunet" / "0"))
    with pytest.raises(UserError, match=rf"\(no architecture.json\)\. Did you mean {around}\?"):
        find_model(tmp_path / "models")


@pytest.mark.parametrize("overlap", [-0.1, 1.0, float("nan")])
def test_an_overlap_that_cannot_be_is_refused_before_anything_is_loaded(overlap: float) -> None:
    with pytest.raises(UserError, match="must be at least 0 and less than 1"):
        cunet.load_model("nowhere", overlap)


def test_an_unknown_consistency_is_refused_before_anything_is_loaded() -> None:
    with pytest.raises(UserError, match="consistency='wiener': expected one of none, ratio"):
        cunet.load_model("nowhere", consistency="wiener")  # type: ignore[arg-type]


def test_the_starter_model_is_small_and_its_card_begins_with_its_limits() -> None:
    model = cunet.load_model()
    assert (model.instruments, model.rate) == (("drums", "other", "vocals"), 8192)
    assert sum(path.stat().st_size for path in STARTER.iterdir()) < 20e6
    _, title, first = (STARTER / CARD).read_text().split("\n\n")[:3]
    assert title.startswith("# ")
    assert re.fullmatch(r"\*\*Mean SDR: \d\.\d dB on 3 test tracks, .* only up to 4096 Hz\.\*\*", first)


def test_onnx_runtime_sends_no_usage_data(tmp_path: Path) -> None:
    """It would keep a file with the identity of this machine among the temporary ones."""
    code = "import cunet; print(cunet.load_model('starter').name)"
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    command = [sys.executable, "-c", code]
    subprocess.run(command, cwd=ROOT, env=environment | {"TMPDIR": str(tmp_path)}, check=True)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_starter_model_is_named_by_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = shutil.copytree(STARTER, tmp_path / "starter")
    for path in damaged.glob("*.onnx"):
        path.write_bytes(b"no network")
    monkeypatch.setattr(loading, "STARTER", damaged)
    with pytest.raises(UserError) as error:
        loading.load_model()
    assert str(error.value).startswith(f"{damaged}: complex-dense.onnx is damaged (wrong checksum). ")


def test_flipped_bits_in_weights_are_noticed(model_folder: Path, tmp_path: Path) -> None:
    """Most would load, and give other estimates without a word."""
    damaged = Path(shutil.copytree(model_folder, tmp_path / "damaged"))
    weights = damaged / "simple-dense.weights.h5"
    whole = weights.read_bytes()
    for place in np.random.default_rng(0).integers(len(whole), size=25):
        content = bytearray(whole)
        content[place] ^= 1
        weights.write_bytes(content)
        with pytest.raises(UserError, match="damaged"):
            cunet.load_model(damaged)
