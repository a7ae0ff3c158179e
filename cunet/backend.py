"""What TensorFlow reads from the environment when it is imported."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its start-up chatter is not for users of a command
# Without AVX-512, it leaves oneDNN's convolutions off, and trains at half the speed.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
