"""A model with weights as they are drawn: what it estimates means nothing, and is different for every condition."""

import numpy as np
import pytest

from cunet.separate.model import Model
from tests.saved import save_model
from tests.sounds import noise


@pytest.fixture(scope="session", params=["simple-dense", "unet"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model(save_model(tmp_path_factory.mktemp("models") / "model", request.param), 0.5, "ratio")


RATE = 44100


def song(seconds: float = 6.0, rate: int = RATE, channels: int = 2) -> np.ndarray:
    """Noise whose colour and level change, so that no two patches are alike."""
    waveform = noise(seconds, channels, rate)
    swell = 0.6 + 0.4 * np.sin(np.arange(len(waveform)) / rate * 3)
    waveform[1:] += 0.7 * waveform[:-1]
    return (waveform * swell[:, None]).astype(np.float32)
