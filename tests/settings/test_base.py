"""What all settings have in common."""

from cunet.params import Params
from cunet.settings.base import flatten


def test_flatten_gives_the_dotted_names_that_dvc_shows(params: Params) -> None:
    flat = flatten({"unet": params.unet, "train": params.train})
    assert flat["unet.layers"] == 3
    assert flat["train.patience.stop"] == 3
