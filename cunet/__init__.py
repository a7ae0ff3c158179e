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
    """A trained model, from a folder or from MLflow: see `cunet.separate.model.load_model`."""
    from cunet.separate import model  # Keras takes seconds to import

    return model.load_model(source, overlap)
