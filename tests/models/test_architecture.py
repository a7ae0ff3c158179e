"""What travels with the weights of an architecture."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from cunet.models.architecture import Architecture, weights_file
from cunet.params import Params
from tests.networks import INSTRUMENTS, describe


def test_a_description_is_read_as_it_was_written(params: Params, tmp_path: Path) -> None:
    for name in ("unet", "complex-conv-both-pairs"):
        described = describe(params, name)
        described.save(tmp_path)
        assert Architecture.load(tmp_path) == described


def test_one_network_serves_all_instruments_or_each_has_its_own(params: Params) -> None:
    conditioned, dedicated = describe(params, "simple-conv"), describe(params, "unet")
    assert (conditioned.conditioned, conditioned.networks) == (True, ("simple-conv",))
    assert (dedicated.conditioned, dedicated.networks) == (False, INSTRUMENTS)
    assert conditioned.bins == 128
    assert weights_file(Path("models"), "lead guitar") == Path("models/lead guitar.weights.h5")


@pytest.mark.parametrize("changes", [{"instruments": ["../../bass"]}, {"instruments": ["a/b"]}, {"later": 1}])
def test_a_description_that_names_places_or_more_than_is_known_is_refused(
    params: Params, tmp_path: Path, changes: dict[str, object]
) -> None:
    values = describe(params, "unet").model_dump(mode="json") | changes
    (tmp_path / "architecture.json").write_text(json.dumps(values))
    with pytest.raises(ValidationError, match=next(iter(changes))):
        Architecture.load(tmp_path)
