"""Conditioned-U-Net: a reproducible pipeline for music source separation.

`cunet.load_model` gives a trained model to separate with.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's start-up chatter is not for users of a command

from cunet.loading import load_model

__all__ = ["load_model"]
