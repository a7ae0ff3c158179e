"""What travels with the weights of an architecture."""

import json
from pathlib import Path

import pytest

from cunet.errors import UserError
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


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "../../outside"},
        {"name": ""},
        {"instruments": ["../../bass"]},
        {"instruments": ["a/b"]},
        {"instruments": []},
        {"instruments": ["bass", "bass"]},
        {"conditions": [[1.0]]},
        {"conditions": [[2.0, 0.0, 0.0]]},
        *({"frames": frames} for frames in (0, -1, 2**40, 1.5, "64")),
        {"unet": {"layers": 10**12, "filters": 8, "dropout": 0}},
        {"later": 1},
    ],
    ids=str,
)
def test_a_description_that_names_places_or_is_out_of_bounds_is_refused(
    params: Params, tmp_path: Path, changes: dict[str, object]
) -> None:
    values = describe(params, "unet").model_dump(mode="json") | changes
    (tmp_path / "architecture.json").write_text(json.dumps(values))
    with pytest.raises(UserError, match=next(iter(changes))) as error:
        Architecture.load(tmp_path)
    assert str(error.value).startswith(f"{tmp_path}: architecture.json is damaged (")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"\0" * 100])
def test_a_damaged_description_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "architecture.json").write_bytes(content)
    with pytest.raises(UserError, match=r"architecture\.json is damaged \("):
        Architecture.load(tmp_path)
