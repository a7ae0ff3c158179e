"""Conditioned-U-Net: a reproducible pipeline for music source separation.

`cunet.load_model` gives a trained model to separate with.
"""

import logging
import os
from typing import TYPE_CHECKING, Any

import cunet.backend  # noqa: F401 (before TensorFlow is imported by anything below)

if TYPE_CHECKING:
    from cunet.loading import load_model

    __version__: str

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # MLflow reports its use where this is not set
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")  # otherwise it reports every table that it makes
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's start-up chatter is not for users of a command
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of the graphs of several networks

__all__ = ["load_model"]


def __getattr__(name: str) -> Any:
    """Import `load_model` and read the version when they are first used: most users of a module do without."""
    if name == "__version__":
        from importlib.metadata import version

        return version("cunet")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cunet.loading import load_model

    return load_model
