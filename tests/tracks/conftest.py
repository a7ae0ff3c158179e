"""Folders of tracks."""

import os
from pathlib import Path

import numpy as np
import soundfile

RATE = 8000


def write(path: Path, seconds: float = 1.0, channels: int = 1, value: float = 0.1, rate: int = RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(os.fsencode(path), np.full((round(seconds * rate), channels), value), rate)
