"""Settings of the networks."""

from typing import Any

import pytest
from pydantic import ValidationError

from cunet.settings.models import Controls, Unet

VALUES: dict[str, Any] = {
    "dense": {"simple": [4, 8], "complex": [4, 16]},
    "recurrent": {"simple": [2]},
    "dropout": 0.5,
}


def test_any_control_network_may_have_widths() -> None:
    controls = Controls.model_validate(VALUES)
    assert controls.widths == {"dense": {"simple": [4, 8], "complex": [4, 16]}, "recurrent": {"simple": [2]}}
    assert controls.dropout == 0.5


def test_widths_are_written_before_the_dropout_and_read_again() -> None:
    """In another order, the description of an older model would be another file."""
    controls = Controls.model_validate({"dropout": 0.5} | VALUES)
    assert list(controls.model_dump()) == ["dense", "recurrent", "dropout"]
    assert Controls.model_validate_json(controls.model_dump_json()) == controls


@pytest.mark.parametrize("wrong", [{"dense": {"simple": []}}, {"dense": {"simple": [0]}}, {"dense": 3}, {"dropout": 1}])
def test_a_control_network_without_widths_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Controls.model_validate(VALUES | wrong)


@pytest.mark.parametrize("wrong", [{"layers": 1}, {"filters": 0}, {"dropout": 1.0}])
def test_a_unet_has_two_layers_at_least(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Unet.model_validate({"layers": 2, "filters": 1, "dropout": 0.0} | wrong)
