"""What all settings have in common."""

import re
import unicodedata

import pytest
from pydantic import ValidationError

from cunet.params import Params
from cunet.settings.base import INSTRUMENT, Name, Settings, Share, flatten


def test_flatten_gives_the_dotted_names_that_dvc_shows(params: Params) -> None:
    flat = flatten({"unet": params.unet, "train": params.train})
    assert flat["unet.layers"] == 3
    assert flat["train.patience.stop"] == 3


class Instrument(Settings):
    name: Name
    share: Share = 0.5


def test_an_unknown_key_is_refused_and_nothing_is_changed_later() -> None:
    with pytest.raises(ValidationError, match="shaer"):
        Instrument.model_validate({"name": "bass", "shaer": 1})
    with pytest.raises(ValidationError, match="frozen"):
        Instrument(name="bass").share = 1.0


def test_a_name_is_composed_and_a_share_lies_between_0_and_1() -> None:
    assert Instrument(name=unicodedata.normalize("NFD", "chœur né"), share=1).name == "chœur né"
    for wrong in (-0.1, 1.1):
        with pytest.raises(ValidationError, match="share"):
            Instrument(name="bass", share=wrong)


@pytest.mark.parametrize(
    ("name", "allowed"), [("chœur né", True), ("lead_guitar-2", True), ("a+b", False), ("a/b", False)]
)
def test_an_instrument_may_be_called_what_files_and_metrics_can_be_called(name: str, allowed: bool) -> None:
    assert bool(re.fullmatch(INSTRUMENT, name)) == allowed


def test_flat_values_keep_what_is_no_section() -> None:
    values = {"a": {"b": {"c": 1}, "d": [1, {"e": 2}]}, "f": Instrument(name="bass"), "g": None}
    expected = {"a.b.c": 1, "a.d": [1, {"e": 2}], "f.name": "bass", "f.share": 0.5, "g": None}
    assert flatten(values) == expected
