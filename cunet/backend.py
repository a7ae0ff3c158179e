"""What TensorFlow reads when it is imported, and what it logs."""

import logging
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its start-up chatter is not for users of a command
# Without AVX-512, it leaves oneDNN's convolutions off, and trains at half the speed.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of the graphs of several networks
