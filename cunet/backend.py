"""Settings that TensorFlow reads when it is imported."""

import os

# Without AVX-512, TensorFlow turns oneDNN's convolutions off by default, and trains at half the speed.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
