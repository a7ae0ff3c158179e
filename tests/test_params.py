"""params.yaml: what is refused, and in which words."""

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cunet.errors import UserError
from cunet.params import Params, load_params
from tests.conftest import ROOT, TINY

Write = Callable[..., Params]
SETS = {"single": {"up_to": 1}, "pairs": {"up_to": 2}}
MD5 = f"md5:{'0' * 32}"


def test_the_params_of_the_repository_are_valid() -> None:
    params = load_params(ROOT / "params.yaml")
    assert params.architecture == "simple-dense"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"flim": "simple"}, ["flim: unknown parameter; did you mean film?"]),
        (
            {"folder": {"rot": "songs"}},
            ["folder.root: is missing", "folder.rot: unknown parameter; did you mean root?"],
        ),
        ({"patch": {"frames": 64, "step": 8, "x": 1}}, ["patch.x: unknown parameter"]),
        ({"film": "medium"}, ["film", "simple", "complex"]),
        ({"placement": "middle"}, ["placement", "decoder"]),
        ({"conditions": "trios"}, ["conditions", "trios", "pairs"]),
        ({"baselines": ["unet", "simple-dense-pairs"]}, ["baselines", "remove simple-dense-pairs"]),
        ({"baselines": ["unet", "unet"]}, ["baselines", "twice"]),
        ({"baselines": ["wave-u-net"]}, ["baselines", "wave-u-net", "complex-dense"]),
        ({"baselines": ["simple-dense-pairs-decoder"]}, ["baselines", "<placement>"]),
        ({"baselines": ["simple-dense-trios"]}, ["baselines (simple-dense-trios)", "trios", "combinations"]),
        ({"baselines": ["simple-conv-encoder"]}, ["write simple-conv instead of simple-conv-encoder"]),
        ({"seeds": []}, ["seeds"]),
        ({"seeds": [1, 1]}, ["seeds", "twice"]),
        ({"seeds": [2**32]}, ["seeds"]),
        ({"condition_sets": SETS | {"mine": {"up_to": 0}}}, ["condition_sets.mine.up_to"]),
        ({"condition_sets": SETS | {"mine": {"up_to": 2, "levels": [1.2]}}}, ["condition_sets.mine.levels"]),
        ({"condition_sets": SETS | {"both": {"up_to": 2}}}, ["both", "placement"]),
        ({"condition_sets": SETS | {"my-set": {"up_to": 2}}}, ["condition_sets.my-set"]),
        ({"condition_sets": SETS | {"single": {"up_to": 2}}}, ["single", "{up_to: 1}"]),
        ({"condition_sets": {"pairs": {"up_to": 2}}}, ["single", "{up_to: 1}"]),
        ({"evaluate": {**TINY["evaluate"], "conditions": "trios"}}, ["evaluate.conditions", "trios"]),
        ({"interpret": {**TINY["interpret"], "path": ["drums", "drums"]}}, ["interpret", "to itself"]),
        ({"train": {**TINY["train"], "progressive": 1.5}}, ["train.progressive"]),
        ({"dataset": []}, ["dataset: name at least one of synthetic"]),
        ({"dataset": ["synthetic", "synthetic"]}, ["dataset lists a data set twice: synthetic, synthetic"]),
        ({"dataset": ["synthetic", "x"]}, ["dataset: unknown data set x"]),
        ({"dataset": ["synthetic", "musdb18"]}, ["dataset: musdb18 has stem files", "use musdb18-hq"]),
        ({"merge": {"bass": "other", "other": "rest"}}, ["merge: other cannot both be merged"]),
        ({"train": {**TINY["train"], "augmentation": {"probability": 1, "gain": [2, 1]}}}, ["augmentation", "gain"]),
        ({"patch": {"frames": 100, "step": 8}}, ["patch.frames (100)", "2^unet.layers (8)"]),
        ({"spectrogram": {"sample_rate": 8192, "window": 260, "hop": 192}}, ["spectrogram.window (130)", "8"]),
        ({"spectrogram": {"sample_rate": 8192, "window": 256, "hop": 256}}, ["hop (256)", "window (256)"]),
        (
            {"train": {**TINY["train"], "epochs": {"conditioned": 0, "dedicated": 1}}},
            ["train.epochs.conditioned", "greater than 0"],
        ),
        ({"validation": {"tracks": [], "seed": 0}}, ["validation.tracks"]),
        ({"evaluate": {**TINY["evaluate"], "protocol": "v5"}}, ["evaluate.protocol", "sisec18"]),
        ({"evaluate": {**TINY["evaluate"], "protocol": "sisec18", "window": 2.0}}, ["evaluate", "window (2.0)", "1 s"]),
        ({"folder": {"root": "~/songs"}}, ["folder.root", "DVC does not expand ~", str(Path.home() / "songs")]),
        ({"musdb": {"source": "", "checksum": None}}, ["musdb.source"]),
        ({"musdb": {"source": "download", "checksum": MD5}}, ["musdb", "published", "null"]),
        ({"musdb": {"source": "x.zip", "checksum": "md5:12"}}, ["musdb.checksum"]),
        ({"musdb": {"source": "https://example.org/x.zip", "checksum": None}}, ["musdb", "needs a checksum"]),
        ({"musdb": {"source": "https://[x/a.zip", "checksum": MD5}}, ["musdb", "not a valid address"]),
        ({"musdb": {"source": "http://", "checksum": MD5}}, ["musdb", "no host name"]),
        ({"musdb": {"source": "https://example.org/x.zip?token=s3cret", "checksum": MD5}}, ["musdb", "ZENODO_LINK"]),
    ],
)
def test_a_bad_value_is_named_in_one_line(write_params: Write, changes: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(UserError) as error:
        write_params(**changes)
    message = str(error.value)
    assert "\n" not in message
    assert "params.yaml" in message
    assert "s3cret" not in message
    for word in words:
        assert word in message


def test_names_are_composed_whatever_the_keyboard_writes(write_params: Write) -> None:
    name = unicodedata.normalize("NFD", "chœur né")
    params = write_params(
        validation={"tracks": [name], "seed": 0}, interpret={**TINY["interpret"], "path": [name, "x"]}
    )
    assert params.validation.tracks == [unicodedata.normalize("NFC", name)]
    assert params.interpret.path == [unicodedata.normalize("NFC", name), "x"]


def test_changes_on_the_command_line_are_those_of_dvc(tmp_path: Path) -> None:
    changes = ["film=complex", "conditions=single", "baselines=[unet,simple-conv]", "unet.filters=16"]
    changes += ["dask.workers=null"]
    params = load_params(ROOT / "params.yaml", changes)
    assert params.architecture == "complex-dense"
    assert params.baselines == ["unet", "simple-conv"]
    assert (params.unet.filters, params.unet.layers, params.dask.workers) == (16, 6, None)
    for wrong in ("film", "film=", "=x", "musdb.source=${"):
        with pytest.raises(UserError, match="expected name=value"):
            load_params(ROOT / "params.yaml", [wrong])
    with pytest.raises(UserError, match="flim"):
        load_params(ROOT / "params.yaml", ["flim=complex"])


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        load_params(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text("film: [simple")
    with pytest.raises(UserError, match="not valid YAML"):
        load_params(tmp_path / "params.yaml")
