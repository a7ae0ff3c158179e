"""The data of a run, as inputs in MLflow."""

import warnings

import mlflow
from mlflow.data.dataset_source_registry import resolve_dataset_source
from mlflow.data.meta_dataset import MetaDataset

from cunet.layout import SPECTROGRAMS
from cunet.settings.base import Subset

CONTEXTS: dict[Subset, str] = {"train": "training", "test": "testing"}  # MLflow's terms


def log_tracks(subset: Subset, fingerprint: str) -> None:
    """Log the tracks of a subset, with the fingerprint of their spectrograms, as an input of the active run."""
    with warnings.catch_warnings(category=UserWarning, action="ignore"):  # MLflow has two names for a local folder
        source = resolve_dataset_source((SPECTROGRAMS / subset).as_posix())
    dataset = MetaDataset(source, name=f"{subset} tracks", digest=fingerprint)  # type: ignore[abstract]
    mlflow.log_input(dataset, CONTEXTS[subset])
