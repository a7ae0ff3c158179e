"""What TensorFlow computes with, which it reads when it is imported."""

import os

# Without AVX-512, it leaves oneDNN's convolutions off, and trains at half the speed.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
