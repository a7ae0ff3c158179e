"""Models of the pipeline in MLflow's registry, and served by it."""

import base64
import io
import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
from mlflow import MlflowClient

import cunet
from tests.pipeline.workspace import Workspace, mlflow_process, store
from tests.sounds import encode

NAME = "conditioned-u-net"


@pytest.fixture(scope="module")
def registered(pipeline: Workspace) -> Workspace:
    pipeline.run("cunet", "register")
    pipeline.run("cunet", "register", "simple-dense-pairs", "--alias", "studied")
    return pipeline


@pytest.fixture(scope="module")
def mixture(pipeline: Workspace) -> Path:
    return pipeline.path / "data" / "audio" / "test" / "Synthetic - Test 001" / "mixture.wav"


def test_the_best_mean_sdr_gets_the_alias(registered: Workspace) -> None:
    sdr = pd.read_csv(registered.path / "reports" / "sdr.csv")
    means = sdr[sdr["target"] == "mean"].set_index("architecture")["SDR"]
    best = means[["unet", "simple-dense-pairs"]].idxmax()
    client = MlflowClient(store(registered))
    version = client.get_model_version_by_alias(NAME, "best")
    assert version.tags["architecture"] == best
    assert version.tags["mean SDR"] == f"{means[best]:.2f}"
    assert f"# {best}" in str(version.description)
    head = registered.run("git", "rev-list", "--max-parents=0", "HEAD").stdout.strip()
    assert f"| code commit | {head} |" in str(version.description)  # the training started from it
    assert client.get_model_version_by_alias(NAME, "studied").tags["architecture"] == "simple-dense-pairs"


def test_the_same_model_is_registered_once(registered: Workspace) -> None:
    client = MlflowClient(store(registered))
    before = len(client.search_model_versions(f"name = '{NAME}'"))
    assert registered.run("cunet", "register").stdout == f"models:/{NAME}@best\n"
    refused = registered.run("cunet", "register", "--alias", "latest", check=False)
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: 'latest': invalid alias")
    assert len(client.search_model_versions(f"name = '{NAME}'")) == before


def test_a_registered_model_separates_a_song_as_the_chain_does(registered: Workspace, mixture: Path) -> None:
    for model, out in (("models:/conditioned-u-net@studied", "alias"), ("models/cunet/0", "folder")):
        registered.run("cunet", "separate", str(mixture), "--model", model, "--target", "drums", "--out", out)
    paths = [registered.path / out / "mixture" / "drums.wav" for out in ("alias", "folder")]
    alias, folder = (soundfile.read(path)[0] for path in paths)
    assert alias.shape == soundfile.read(mixture)[0].shape
    np.testing.assert_array_equal(alias, folder)


def test_what_is_not_compared_is_not_registered(pipeline: Workspace) -> None:
    result = pipeline.run("cunet", "register", "complex-conv", check=False)
    assert result.returncode == 1
    assert result.stderr == "error: complex-conv: unknown architecture; params.yaml has simple-dense-pairs, unet\n"


def test_the_exported_card_has_the_scores(pipeline: Workspace, tmp_path: Path) -> None:
    pipeline.run("cunet", "export", "--model", "models/cunet/0", "--format", "keras", "--out", str(tmp_path / "out"))
    card = (tmp_path / "out" / "README.md").read_text()
    sdr = pd.read_csv(pipeline.path / "reports" / "sdr.csv").set_index(["architecture", "target"])["SDR"]
    for text in (
        f"{sdr['simple-dense-pairs', 'mean']:.2f}",
        "2 test tracks",
        "museval v4",
        "| seed | 0 |",
        "drums+vocals",
    ):
        assert text in card
    head = pipeline.run("git", "rev-parse", "HEAD").stdout.strip()
    assert f"| code commit | {head} |" in card


def test_mlflow_serves_the_model(registered: Workspace, mixture: Path, tmp_path: Path) -> None:
    """Audio of two formats over HTTP; each answer is what the library gives."""
    model = cunet.load_model(registered.path / "models" / "cunet" / "0")
    served = ("models", "serve", "--env-manager", "local", "-m", f"models:/{NAME}@studied")
    waveform, rate = soundfile.read(mixture, dtype="float32")
    song = encode(waveform, tmp_path / "song.m4a", rate)
    with mlflow_process(registered.path, *served, MLFLOW_TRACKING_URI=store(registered)) as address:
        answers = ask(address, [(mixture, "drums"), (mixture, "drums=1,vocals=0.5"), (song, "bass")])
        for form in ("inputs", "instances"):
            (answer,) = ask(address, [(mixture, "drums")], form)
            np.testing.assert_array_equal(*(soundfile.read(io.BytesIO(wav))[0] for wav in (answer, answers[0])))
        messages = [
            refusal(address, form, row)
            for form in ("dataframe_records", "inputs", "instances")
            for row in ({"audio": mixture, "condition": "guitar"}, {"audio": mixture}, {"condition": "drums"})
        ]
        not_audio = refusal(address, "inputs", {"audio": registered.path / "params.yaml", "condition": "drums"})
    for answer, condition in zip(answers, ({"drums": 1.0}, {"drums": 1.0, "vocals": 0.5}), strict=False):
        estimate, own_rate = soundfile.read(io.BytesIO(answer), dtype="float32")
        assert own_rate == rate
        np.testing.assert_allclose(estimate, model.separate(waveform, rate, condition), atol=1e-5)
    assert abs(soundfile.info(io.BytesIO(answers[2])).frames - len(waveform)) < 2100  # the AAC encoder's own padding
    unknown = "unknown instrument 'guitar'; the model separates bass, drums, other, vocals"
    missing = "audio must be the bytes of a file, and condition a text such as vocals=1,drums=0.5"
    assert messages == [unknown, missing, missing] * 3  # and not a word of the request, which is a song as text
    assert not_audio.startswith("audio: cannot be decoded")


def ask(address: str, rows: list[tuple[Path, str]], form: str = "dataframe_records") -> list[bytes]:
    """Send files and conditions as README.md says, and decode the answers."""
    predictions = post(address, form, [{"audio": path, "condition": condition} for path, condition in rows])
    return [base64.b64decode(prediction["audio"]) for prediction in predictions["predictions"]]


def refusal(address: str, form: str, row: Mapping[str, object]) -> str:
    """The message of the answer to a request that is wrong."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(address, form, [row])
    assert refused.value.code == 400
    return str(json.load(refused.value)["message"])


def post(address: str, form: str, rows: Sequence[Mapping[str, object]]) -> Any:
    """POST rows, of which the paths stand for files."""
    records = [
        {
            name: base64.b64encode(value.read_bytes()).decode() if isinstance(value, Path) else value
            for name, value in row.items()
        }
        for row in rows
    ]
    request = urllib.request.Request(
        f"{address}/invocations", json.dumps({form: records}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)
