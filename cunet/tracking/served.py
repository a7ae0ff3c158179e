"""The model that MLflow serves: audio files in, audio files out. MLflow runs this file; nothing is pickled."""

import base64
import binascii
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import soundfile
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature, set_model
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc.model import PythonModel, PythonModelContext
from mlflow.types import ColSpec, DataType, Schema

from cunet.conditions.naming import parse_condition
from cunet.errors import UserError
from cunet.files import temporary_folder
from cunet.loading import load_model
from cunet.separate.songs import Song, separate_song

AUDIO, CONDITION = "audio", "condition"
FORMAT = "wav"
LARGEST, LONGEST = 200 * 10**6, 15  # bytes, minutes of a song: a request must end
SIGNATURE = ModelSignature(
    # Not required, so that this file reports missing ones: MLflow's message would quote the whole request.
    Schema([ColSpec(DataType.binary, AUDIO, required=False), ColSpec(DataType.string, CONDITION, required=False)]),
    Schema([ColSpec(DataType.binary, AUDIO)]),
)


class RequestError(MlflowException):
    """Error in a request; the server answers with status 400.

    The message cannot be changed: MLflow would prefix it with the whole request.
    """

    message = property(str, lambda self, value: None)

    def __init__(self, message: str) -> None:
        super().__init__(message, INVALID_PARAMETER_VALUE)


class ServedModel(PythonModel):
    """Separates one audio file per row: any format that libsndfile or ffmpeg reads in, 32-bit float WAV out."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the packaged model."""
        self._model = load_model(context.artifacts["model"])

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """One estimate per row.

        Args:
            context: not used.
            model_input: column `audio` with the bytes of a file, and column `condition`, such as `vocals` or
                `vocals=1,drums=0.5`.
            params: not used.

        Raises:
            RequestError: the audio or the condition is invalid.
        """
        try:
            rows = model_input.reindex(columns=[AUDIO, CONDITION]).itertuples(index=False, name=None)
            return pd.DataFrame({AUDIO: [self._separate(*row) for row in rows]})
        except UserError as error:
            raise RequestError(str(error)) from None

    def _separate(self, audio: object, condition: object) -> bytes:
        if not isinstance(audio, bytes) or not isinstance(condition, str):
            raise UserError("audio must be the bytes of a file, and condition a text such as vocals=1,drums=0.5")
        conditions = {"estimate": self._model.condition(parse_condition(condition))}
        if len(audio) > LARGEST:
            raise UserError(f"audio has more than {LARGEST // 10**6} MB")
        with temporary_folder() as folder:
            song = Song(folder / "audio", folder)
            song.path.write_bytes(_plain(audio))
            try:
                separate_song(self._model, song, conditions, FORMAT, progress=False, minutes=LONGEST)
            except UserError as error:
                raise UserError(str(error).replace(str(song.path), AUDIO)) from None
            return song.files(conditions, FORMAT)["estimate"].read_bytes()


def _plain(audio: bytes) -> bytes:
    """A file's bytes; MLflow does not decode their base64 text if a request has `inputs` or `instances`."""
    try:
        return base64.b64decode(audio, validate=True)
    except binascii.Error:
        return audio


def input_example(instrument: str, folder: Path) -> pd.DataFrame:
    """One second of a chord, and an instrument as the condition."""
    rate = 44100
    seconds = np.arange(rate)[:, None] / rate
    chord = 0.1 * np.sin(2 * np.pi * seconds * np.array([220.0, 277.2, 329.6])).sum(axis=1)
    soundfile.write(folder / "chord.flac", chord, rate)
    return pd.DataFrame({AUDIO: [(folder / "chord.flac").read_bytes()], CONDITION: [instrument]})


set_model(ServedModel())
