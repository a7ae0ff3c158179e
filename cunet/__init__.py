"""Conditioned-U-Net: a reproducible pipeline for music source separation."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's start-up chatter is not for users of a command
