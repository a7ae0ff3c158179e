"""dvc.yaml lists for each stage the code that its outputs depend on."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.dependencies import BYSTANDERS, ROOT, declared, executed, imports, is_bystander, parameters, values, written

TEXT = (ROOT / "dvc.yaml").read_text()
STAGES: dict[str, Any] = yaml.safe_load(TEXT)["stages"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_the_code_that_it_runs_and_on_no_other(stage: str) -> None:
    description = STAGES[stage].get("do", STAGES[stage])
    script = next(Path(dependency) for dependency in description["deps"] if dependency.startswith("stages/"))
    assert f"python -m stages.{script.stem} " in description["cmd"]
    needed, named = executed(script), declared(description["deps"])
    missing, needless = (sorted(map(str, files)) for files in (needed - named, named - needed))
    advice = "run python -m tools.dependencies"
    assert (missing, needless) == ([], []), f"dvc.yaml: {stage} lacks {missing}, and does not need {needless}: {advice}"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_the_parameters_that_it_reads_and_on_no_other(stage: str) -> None:
    description = STAGES[stage].get("do", STAGES[stage])
    named = {str(name).partition(".")[0] for name in description["params"]}
    script = Path(description["deps"][0])
    assert named == parameters(script)
    missing = {value for value in values(script) if not {value, value.partition(".")[0]} & set(description["params"])}
    assert not missing


def test_the_command_writes_what_is_missing_and_takes_out_what_is_too_much() -> None:
    wrong = TEXT.replace("      - cunet/train/fit.py\n", "").replace("- cunet/bsseval.py\n", "- cunet/forecast.py\n")
    assert wrong != TEXT
    assert written(wrong) == written(TEXT) == TEXT


def test_all_bystanders_are_met() -> None:
    """One that no stage runs any more would excuse whatever is put there later."""
    code = {module for module in imports().modules if not is_bystander(module)}
    met = {imported for module in code for imported in imports().find_modules_directly_imported_by(module)}
    assert all(any(f"{module}.".startswith(f"{name}.") for module in met) for name in BYSTANDERS)
