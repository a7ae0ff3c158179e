"""The parameters that README, documents and Makefile set with -S can be set so by DVC, and are valid."""

import re
import shlex
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from dvc.utils.hydra import apply_overrides

from cunet.params import load_params
from tests.conftest import ROOT


def commands() -> dict[str, list[str]]:
    """Values of -S by the line, or the variable of the Makefile, that sets them."""
    found = {}
    for file in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for line in re.findall(r"^dvc exp run .*", file.read_text(), re.MULTILINE):
            if "--queue" not in line:  # where commas separate experiments
                found[f"{file.name}: {line.partition('#')[0].strip()}"] = line
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ").replace("$(SONGS)", "cc0_songs")
    found |= {name: text for name, text in re.findall(r"^([A-Z]+) = (-S .*)", makefile, re.MULTILINE)}
    words = {name: shlex.split(text, comments=True) for name, text in found.items()}
    return {name: [value for option, value in pairwise(own) if option == "-S"] for name, own in words.items()}


COMMANDS = commands()


def test_the_targets_of_the_makefile_are_among_them() -> None:
    assert {"PAPER", "STUDY", "STARTER"} <= COMMANDS.keys()
    assert len(COMMANDS) > 10
    assert all(COMMANDS.values())


@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_command_sets_is_set_and_valid(name: str, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    shutil.copyfile(ROOT / "params.yaml", path)
    before = load_params(path)
    own = [re.sub("^control=(residual|embedding)$", "control=conv", value) for value in COMMANDS[name]]  # of examples
    if "faint" in " ".join(own):
        own.append("+condition_sets.faint={up_to: 2}")
    apply_overrides(path, own)
    assert load_params(path) != before or not own
