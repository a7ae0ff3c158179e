"""Conditioned-U-Net: a reproducible pipeline for music source separation.

`cunet.load_model` gives a trained model to separate with.
"""

import os
from typing import TYPE_CHECKING, Any

import cunet.backend  # noqa: F401 (before TensorFlow is imported by anything below)

if TYPE_CHECKING:
    from cunet.loading import load_model

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # MLflow reports its use where this is not set

__all__ = ["load_model"]


def __getattr__(name: str) -> Any:
    """Import `load_model` when it is first used: most users of a single module do without."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cunet.loading import load_model

    return load_model
