"""The model that MLflow serves."""

import base64
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from mlflow.pyfunc.model import PythonModelContext

import cunet
from cunet.tracking.served import RequestError, ServedModel, input_example
from tests.separate.conftest import song

RATE = 22050


@pytest.fixture
def served(model_folder: Path) -> ServedModel:
    model = ServedModel()
    model.load_context(context(model_folder))
    return model


def context(folder: Path | None = None) -> PythonModelContext:
    return PythonModelContext({"model": str(folder)}, {})


def flac(seconds: float = 1.0) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, song(seconds, RATE), RATE, format="FLAC")
    return file.getvalue()


def test_every_row_is_separated_as_its_condition_says(served: ServedModel, model_folder: Path) -> None:
    audio = flac()
    rows = pd.DataFrame({"condition": ["tone", "tone=1,noise=0.5"], "audio": [audio, base64.b64encode(audio)]})
    answers = served.predict(context(), rows)["audio"]
    mixture = soundfile.read(io.BytesIO(audio), dtype="float32")[0]
    model = cunet.load_model(model_folder)
    for answer, condition in zip(answers, ({"tone": 1.0}, {"tone": 1.0, "noise": 0.5}), strict=True):
        found, rate = soundfile.read(io.BytesIO(answer), dtype="float32")
        assert rate == RATE
        np.testing.assert_allclose(found, model.separate(mixture, RATE, condition), atol=1e-6)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"audio": b"no audio, and no base64 either!", "condition": "tone"}, "^audio: cannot be decoded"),
        ({"audio": flac(0.1), "condition": "trumpet"}, "unknown instrument 'trumpet'"),
        ({"audio": flac(0.1), "condition": "tone=loud"}, "'loud' is not a number"),
        ({"audio": flac(0.1)}, "^audio must be the bytes of a file, and condition a text such as vocals=1,drums=0.5$"),
        ({"condition": "tone"}, "^audio must be the bytes of a file"),
    ],
)
def test_what_is_wrong_with_a_request_is_one_line_without_the_song(
    served: ServedModel, row: dict[str, object], reason: str
) -> None:
    with pytest.raises(RequestError, match=reason) as error:
        served.predict(context(), pd.DataFrame([row]))
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"  # the server answers 400
    assert "\n" not in error.value.message
    assert len(error.value.message) < 300


def test_the_example_is_a_request(served: ServedModel, tmp_path: Path) -> None:
    (answer,) = served.predict(context(), input_example("clicks", tmp_path))["audio"]
    assert soundfile.info(io.BytesIO(answer)).frames == 44100


def test_a_request_has_bounds(served: ServedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    soundfile.write(file, np.zeros(8000 * 60 * 16), 8000, format="FLAC")
    with pytest.raises(RequestError, match=r"^audio: lasts more than 15 minutes\."):
        served.predict(context(), pd.DataFrame([{"audio": file.getvalue(), "condition": "tone"}]))
    monkeypatch.setattr("cunet.tracking.served.LARGEST", 1000)
    with pytest.raises(RequestError, match=r"^audio has more than 0 MB$"):
        served.predict(context(), pd.DataFrame([{"audio": bytes(1001), "condition": "tone"}]))
