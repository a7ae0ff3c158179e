"""Conditioned-U-Net: a reproducible pipeline for music source separation.

`cunet.load_model` gives a trained model to separate with.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cunet.separate.model import Model

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's start-up chatter is not for users of a command

__all__ = ["load_model"]


def load_model(source: str | Path, overlap: float = 0.5) -> "Model":
    """A trained model, from a folder or from MLflow: see `cunet.loading.load_model`."""
    from cunet import loading

    return loading.load_model(source, overlap)
