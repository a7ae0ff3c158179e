"""params.yaml: what is refused, and in which words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cunet.errors import UserError
from cunet.params import Params, flatten, load_params
from tests.conftest import ROOT, TINY

Write = Callable[..., Params]


def test_the_params_of_the_repository_are_valid() -> None:
    params = load_params(ROOT / "params.yaml")
    assert params.architecture == f"{params.film}-{params.control}"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"flim": "simple"}, ["flim", "not permitted"]),
        ({"film": "medium"}, ["film", "simple", "complex"]),
        ({"baselines": ["unet", "simple-dense"]}, ["baselines", "simple-dense"]),
        ({"baselines": ["unet", "unet"]}, ["baselines", "twice"]),
        ({"baselines": ["wave-u-net"]}, ["baselines.0", "complex-conv"]),
        ({"patch": {"frames": 100, "step": 8}}, ["patch.frames (100)", "2^unet.layers (8)"]),
        ({"spectrogram": {"sample_rate": 8192, "window": 260, "hop": 192}}, ["spectrogram.window (130)", "8"]),
        ({"spectrogram": {"sample_rate": 8192, "window": 256, "hop": 256}}, ["hop (256)", "window (256)"]),
        ({"train": {**TINY["train"], "epochs": 0}}, ["train.epochs", "greater than 0"]),
        ({"validation": {"tracks": [], "seed": 0}}, ["validation.tracks"]),
    ],
)
def test_a_bad_value_is_named_in_one_line(write_params: Write, changes: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(UserError) as error:
        write_params(**changes)
    message = str(error.value)
    assert "\n" not in message
    assert "params.yaml" in message
    for word in words:
        assert word in message


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not found"):
        load_params(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text("film: [simple")
    with pytest.raises(UserError, match="not valid YAML"):
        load_params(tmp_path / "params.yaml")


def test_flatten_gives_the_dotted_names_that_dvc_shows(params: Params) -> None:
    flat = flatten({"unet": params.unet, "train": params.train})
    assert flat["unet.layers"] == 3
    assert flat["train.patience.stop"] == 3
