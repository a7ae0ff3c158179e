"""Where the pipeline keeps models and results."""

from pathlib import Path

import pytest
import yaml

from cunet import layout
from cunet.errors import UserError
from cunet.layout import check_architecture, folders, results_of, scored
from tests.conftest import ROOT


def test_the_studied_architecture_has_the_same_folder_whatever_its_name() -> None:
    for name in ("simple-dense", "complex-conv-both-pairs"):
        assert folders(name, ["unet", "simple-conv"]) == {
            "unet": Path("baselines/unet"),
            "simple-conv": Path("baselines/simple-conv"),
            name: Path("cunet"),
        }


def test_scored_are_the_folders_of_seeds_and_bounds_that_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert scored() == []
    whole = ["cunet/0", "cunet/1", "baselines/unet/0", "bounds/mixture"]
    for name in (*whole, "cunet/2.part", "interpretation", "examples/sound"):
        (tmp_path / "results" / name).mkdir(parents=True)
    (tmp_path / "results" / "cunet" / "notes.txt").touch()
    assert scored() == [Path(name) for name in whole]


def test_the_results_of_a_model_are_beside_models(tmp_path: Path) -> None:
    assert results_of(tmp_path / "models" / "cunet" / "0") == tmp_path / "results" / "cunet" / "0"
    twice = tmp_path / "models" / "mine" / "models" / "baselines" / "unet" / "0"
    assert results_of(twice) == tmp_path / "models" / "mine" / "results" / "baselines" / "unet" / "0"
    assert results_of(tmp_path / "exported") is None


def test_a_folder_of_another_architecture_is_one_line() -> None:
    check_architecture(Path("models/cunet/0"), "simple-dense", "simple-dense")
    with pytest.raises(UserError, match=r"models/cunet/0: belongs to simple-dense, not complex-dense\. Train"):
        check_architecture(Path("models/cunet/0"), "simple-dense", "complex-dense")


def test_it_is_the_layout_of_dvc_yaml() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    outs = {str(out) for stage in stages.values() for out in stage.get("do", stage)["outs"]}
    assert {
        f"{layout.MODELS / layout.STUDIED}/${{item}}",
        f"{layout.MODELS / layout.BASELINES}/${{item.name}}/${{item.seed}}",
        f"{layout.RESULTS / layout.STUDIED}/${{item}}",
        f"{layout.RESULTS / layout.BASELINES}/${{item.name}}/${{item.seed}}",
        f"{layout.RESULTS / layout.BOUNDS}/${{item}}",
        f"{layout.RESULTS / layout.INTERPRETATION}",
        f"{layout.RESULTS / layout.EXAMPLES}",
        f"{layout.SPECTROGRAMS}/${{item}}",
        f"{layout.REPORTS}/index.html",
    } <= outs
