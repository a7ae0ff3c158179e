"""What TensorFlow reads from the environment when it is imported."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

NAMES = ("TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS")
SCRIPT = f"import os, cunet; print(*(os.environ[name] for name in {NAMES}))"


@pytest.mark.parametrize("own", [{}, {"TF_CPP_MIN_LOG_LEVEL": "0"}, dict.fromkeys(NAMES, "0")])
def test_tensorflow_is_quiet_and_quick_unless_the_user_wants_otherwise(own: dict[str, str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in NAMES} | own
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    expected = dict(zip(NAMES, ("3", "1"), strict=True)) | own
    assert done.stdout.split() == list(expected.values())
