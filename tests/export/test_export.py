"""Exported models: the same masks without this project, and with it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import onnxruntime
import pytest

import cunet
from cunet.errors import UserError
from cunet.export.export import Form, export
from cunet.masking.saved import load_networks
from tests.saved import whole_model
from tests.separate.conftest import song

NAMES = ("unet", "simple-dense", "complex-conv", "complex-dense-both", "simple-conv-decoder")


@pytest.fixture(params=NAMES)
def model(request: pytest.FixtureRequest, prepared: Path, tmp_path: Path) -> Path:
    return whole_model(tmp_path / "model", request.param, prepared)


def masks(estimate: np.ndarray, mixture: np.ndarray) -> np.ndarray:
    return np.asarray(estimate / mixture)


def test_onnx_runtime_gives_the_masks_of_keras(model: Path, tmp_path: Path) -> None:
    export(model, "onnx", tmp_path / "out")
    architecture, networks = load_networks(model)
    rng = np.random.default_rng(0)
    condition = rng.uniform(0, 1, (5, 3)).astype(np.float32)
    mixture = rng.uniform(0.01, 1, (5, architecture.bins, architecture.frames, 1)).astype(np.float32)
    for name, network in networks.items():
        session = onnxruntime.InferenceSession(tmp_path / "out" / f"{name}.onnx")
        inputs = {"mixture": mixture, "condition": condition}
        inputs = {entry.name: inputs[entry.name] for entry in session.get_inputs()}
        expected = masks(network.predict_on_batch(list(inputs.values()) if len(inputs) > 1 else mixture), mixture)
        assert np.ptp(expected) > 0.01
        np.testing.assert_allclose(masks(session.run(None, inputs)[0], mixture), expected, atol=1e-4)


@pytest.mark.parametrize("form", ["keras", "onnx"])
def test_an_exported_model_separates_like_the_one_it_comes_from(model: Path, tmp_path: Path, form: Form) -> None:
    export(model, form, tmp_path / "out")
    waveform = song(3)
    expected = cunet.load_model(model).separate(waveform, 44100, "tone")
    found = cunet.load_model(tmp_path / "out").separate(waveform, 44100, "tone")
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_an_onnx_model_needs_no_keras(prepared: Path, tmp_path: Path) -> None:
    export(whole_model(tmp_path / "model", "simple-dense", prepared), "onnx", tmp_path / "out")
    script = (
        "import sys, numpy, cunet\n"
        f"cunet.load_model({str(tmp_path / 'out')!r}).separate(numpy.zeros(44100), 44100, 'tone')\n"
        "assert not {'keras', 'tensorflow', 'mlflow'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_keras_file_loads_without_this_project(prepared: Path, tmp_path: Path) -> None:
    export(whole_model(tmp_path / "model", "complex-dense", prepared), "keras", tmp_path / "out")
    network = keras.models.load_model(tmp_path / "out" / "complex-dense.keras")
    assert [entry.name for entry in network.inputs] == ["mixture", "condition"]


def test_the_description_says_how_to_feed_the_networks(model: Path, tmp_path: Path) -> None:
    files = export(model, "onnx", tmp_path / "out")
    assert {file.name for file in files} >= {"README.md", "architecture.json", "training.json"}
    description = json.loads((tmp_path / "out" / "architecture.json").read_text())
    assert description["instruments"] == ["clicks", "noise", "tone"]
    assert description["spectrogram"] == {"sample_rate": 8192, "window": 256, "hop": 192}
    assert len(description["conditions"]) == 3


def test_nothing_is_exported_over_something_or_twice(prepared: Path, tmp_path: Path) -> None:
    model = whole_model(tmp_path / "model", "simple-dense", prepared)
    (tmp_path / "mine").mkdir()
    with pytest.raises(UserError, match="mine: already exists"):
        export(model, "onnx", tmp_path / "mine")
    export(model, "onnx", tmp_path / "out")
    with pytest.raises(UserError, match="is an exported model"):
        export(tmp_path / "out", "keras", tmp_path / "again")
    shutil.rmtree(tmp_path / "out")
