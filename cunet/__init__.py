"""Conditioned-U-Net: a reproducible pipeline for music source separation.

`cunet.load_model` loads a trained model.
"""

import logging
import os
from typing import TYPE_CHECKING, Any

import cunet.backend  # noqa: F401 (before TensorFlow is imported by anything below)

if TYPE_CHECKING:
    from cunet.loading import load_model

    __version__: str

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # otherwise MLflow sends usage data
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")  # otherwise it reports every table that it creates
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # ONNX Runtime, too
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # hide TensorFlow's start-up messages
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # hide its retracing warnings, which several networks cause

__all__ = ["load_model"]


def __getattr__(name: str) -> Any:
    """Import `load_model` and read the version on first use: most importers need neither."""
    if name == "__version__":
        from importlib.metadata import version

        return version("cunet")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cunet.loading import load_model

    return load_model
