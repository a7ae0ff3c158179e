"""One short script a DVC stage: read params.yaml, call the library, write the outputs named in dvc.yaml."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's start-up chatter is not for users of a stage
