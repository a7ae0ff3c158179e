"""Settings of the scores."""

import pytest
from pydantic import ValidationError

from cunet.settings.evaluation import Evaluate


def evaluate(protocol: str, window: float, hop: float) -> Evaluate:
    return Evaluate(
        protocol=protocol,
        engine="bsseval",
        conditions="single",
        window=window,
        hop=hop,
        overlap=0.5,
        consistency="ratio",
    )


def test_the_frames_of_sisec18_are_its_own() -> None:
    assert evaluate("sisec18", 1, 1).hop == 1
    assert evaluate("model-rate", 2, 1.5).window == 2
    for window, hop in ((2, 1), (1, 0.5)):
        with pytest.raises(ValidationError, match="must be 1 second for the protocol sisec18"):
            evaluate("sisec18", window, hop)
