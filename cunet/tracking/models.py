"""The trained networks in MLflow: each as a model of its own, and all of them as one model that MLflow serves."""

import shutil
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import numpy as np
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec

from cunet.export.card import CARD, model_card
from cunet.files import temporary_folder
from cunet.loading import STARTER
from cunet.tracking import served

if TYPE_CHECKING:
    import keras

MODEL = "model"
SERVED = "separator"
LIBRARIES = (
    "h5py",
    "numpy",
    "pandas",
    "pydantic",
    "pyyaml",
    "soundfile",
    "tqdm",
)  # of separation


def log_model(model: Path, results: Path, commit: str) -> str:
    """Log to the active run: the model's folder with its model card, every network, and the served model.

    Args:
        model: folder written by training.
        results: folder of its scores.
        commit: commit of the code that trained the model.

    Returns:
        MLflow's ID of the served model.
    """
    import keras  # takes seconds, and the bounds have no model

    from cunet.masking.saved import load_trained

    backend = [f"{package}=={version(package)}" for package in ("keras", keras.backend.backend())]
    architecture, networks = load_trained(model)
    for name, network in networks.items():
        mlflow.keras.log_model(
            network,
            name=name.replace(" ", "_"),
            signature=_signature(network),
            pip_requirements=[*backend, _pin("h5py")],
        )
    with temporary_folder() as temporary:
        folder, package = temporary / MODEL, Path(served.__file__).parents[1]
        without = shutil.ignore_patterns(STARTER.name, "__pycache__")  # the starter model is large
        code = shutil.copytree(package, temporary / package.name, ignore=without)
        shutil.copytree(model, folder)
        (folder / CARD).write_text(model_card(model, results, commit))
        mlflow.log_artifacts(str(folder), MODEL)
        logged = mlflow.pyfunc.log_model(
            name=f"{architecture.name}-{SERVED}",
            python_model=served.__file__,
            artifacts={MODEL: str(folder)},
            code_paths=[str(code)],
            signature=served.SIGNATURE,
            input_example=served.input_example(architecture.instruments[0], temporary),
            pip_requirements=[*backend, *map(_pin, LIBRARIES), _pin("mlflow")],
        )
    return str(logged.model_id)


def served_model(run: Run) -> str | None:
    """MLflow's identity of the model to serve among those that a run logged."""
    outputs = run.outputs.model_outputs if run.outputs else []
    found = (MlflowClient().get_logged_model(output.model_id) for output in outputs)
    return next((str(model.model_id) for model in found if model.name.endswith(SERVED)), None)


def _pin(package: str) -> str:
    return f"{package}=={version(package)}"


def _signature(network: "keras.Model") -> ModelSignature:
    def schema(tensors: "list[keras.KerasTensor]") -> Schema:
        return Schema([TensorSpec(np.dtype("float32"), (-1, *tensor.shape[1:]), tensor.name) for tensor in tensors])

    return ModelSignature(schema(network.inputs), schema(network.outputs))
