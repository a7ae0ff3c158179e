"""The tables of an interpretation."""

from pathlib import Path

import pytest

from cunet.interpret.tables import read_modulation, read_neutral_sdr, read_path_sdr, shown_conditions
from cunet.params import Params
from tests.conftest import TRIO
from tests.interpret.conftest import architecture


def test_shown_are_the_conditions_of_the_training_all_and_none(params: Params) -> None:
    subject = architecture(params, "simple-dense")
    shown = shown_conditions(subject)
    assert list(shown) == [*TRIO, "all", "none"]
    assert shown["all"] == dict.fromkeys(TRIO, 1)
    assert shown["none"] == dict.fromkeys(TRIO, 0)
    everything = subject.model_copy(update={"conditions": (*subject.conditions, (1.0, 1.0, 1.0))})
    assert list(shown_conditions(everything)) == [*TRIO, "all", "none"]


@pytest.mark.parametrize("name", ["NA", "007"])
def test_a_name_that_looks_like_a_gap_or_a_number_is_kept_to_the_letter(tmp_path: Path, name: str) -> None:
    (tmp_path / "modulation.csv").write_text(f"condition,kind,block,map,value\n{name},gamma,encoder_1,1,1.5\n")
    assert read_modulation(tmp_path / "modulation.csv")["condition"].tolist() == [name]
    (tmp_path / "path.csv").write_text(f"estimate,target,SDR\n0.50,{name},1.25\n")
    assert read_path_sdr(tmp_path).to_numpy().tolist() == [["0.50", name, 1.25]]
    (tmp_path / "neutral.csv").write_text(f"estimate,{name}\n{name},1.25\n")
    assert read_neutral_sdr(tmp_path).index.tolist() == [name]


def test_an_estimate_without_a_score_has_none(tmp_path: Path) -> None:
    (tmp_path / "neutral.csv").write_text("estimate,NA,bass\nmixture,1.5,-2\nNA,,3\n")
    table = read_neutral_sdr(tmp_path)
    assert table.index.tolist() == ["mixture", "NA"]
    assert table.columns.tolist() == ["NA", "bass"]
    assert table["NA"].isna().tolist() == [False, True]
    assert table.loc["mixture", "bass"] == -2
