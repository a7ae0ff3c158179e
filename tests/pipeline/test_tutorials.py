"""The tutorials, command by command, in tiny workspaces; `test_own_workspaces` has the one on a user's own songs."""

import json
import re

import yaml

from tests.pipeline.workspace import Workspace, architectures
from tests.tutorials import files, scripts

AUTHOR = (
    "export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.org"
)


def bash(workspace: Workspace, script: str) -> str:
    return workspace.run("bash", "-euc", f"{AUTHOR}\n{script}").stdout


def stages(output: str) -> list[str]:
    return re.findall(r"^Running stage '(.*)':", output, re.MULTILINE)


def test_the_default_run(own_pipeline: Workspace) -> None:
    repro, table, experiment, shown, restore, separate = scripts("default_run")
    assert stages(bash(own_pipeline, repro)) == []
    assert "| ideal-ratio-mask " in bash(own_pipeline, table)
    bash(own_pipeline, experiment)
    rows = [re.split(r"\s{2,}", line.strip()) for line in bash(own_pipeline, shown).splitlines() if "  " in line]
    assert rows[0] == ["Experiment", "reports/sdr/cunet.json:mean", "reports/sdr/unet.json:mean", "control", "film"]
    assert rows[1][-1] == "complex"
    bash(own_pipeline, restore)
    assert architectures(own_pipeline)[2] == "simple-dense-pairs"
    bash(own_pipeline, separate)
    made = (own_pipeline.path / "separated" / "mixture").iterdir()
    assert sorted(path.name for path in made) == ["bass.wav", "drums.wav", "other.wav", "vocals.wav"]


def test_a_control_network(own_pipeline: Workspace) -> None:
    root, code = own_pipeline.path, files("control_network")
    before = own_pipeline.run("git", "rev-parse", "HEAD").stdout.strip()
    (root / "cunet/models/embedding.py").write_text(code["cunet/models/embedding.py"])
    registry = root / "cunet/registry/controls.py"
    before_it = registry.read_text().partition("CONTROLS:")[0]
    registry.write_text(before_it + code["cunet/registry/controls.py"])
    controls = yaml.safe_load((root / "params.yaml").read_text())["controls"]
    own_pipeline.params(controls=controls | yaml.safe_load(code["params.yaml"]))
    for heading in ("Register it", "Keep the trained networks"):
        (script,) = scripts("control_network", heading)
        bash(own_pipeline, script)
    assert "cunet/models/embedding.py" in (root / "dvc.yaml").read_text()
    assert own_pipeline.run("git", "status", "--short").stdout == ""
    run, _ = scripts("control_network", "Train and compare")
    output = bash(own_pipeline, run.replace("control=embedding", "control=embedding train@0 train-baseline@unet-0", 1))
    assert stages(output) == ["conditions", "train@0"]  # what scores them is the same for all networks
    assert re.search(r"\[embedding\] .* embedding +simple", output)
    described = json.loads((root / "models" / "cunet" / "0" / "architecture.json").read_text())
    assert described["name"] == "simple-embedding-pairs"
    own_pipeline.run("git", "reset", "-q", "--hard", before)
    own_pipeline.run("dvc", "checkout", "-q")
