"""The commands that users run, on the real stages."""

import io
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.chain.workspace import Workspace, make_workspace, runs, store
from tests.conftest import write_song

BOUNDS = ["evaluate-bound@mixture", "evaluate-bound@ideal-ratio-mask"]


def architectures(workspace: Workspace) -> list[str]:
    return list(pd.read_csv(workspace.path / "reports" / "sdr.csv")["architecture"].unique())


def test_repro_compares_everything_that_params_name(chain: Workspace) -> None:
    table = pd.read_csv(chain.path / "reports" / "sdr.csv")
    assert list(table.columns) == ["architecture", "protocol", "target", "tracks", "SDR", "ISR", "SIR", "SAR"]
    assert architectures(chain) == ["mixture", "unet", "simple-dense-pairs", "ideal-ratio-mask"]
    for _, rows in table.groupby("architecture"):
        assert rows["target"].tolist() == ["bass", "drums", "other", "vocals", "mean"]
        assert (rows["tracks"] == 2).all()
        assert rows["SDR"].iloc[:4].mean() == pytest.approx(rows["SDR"].iloc[4], abs=1e-3)
    mean = table[table["target"] == "mean"].set_index("architecture")["SDR"]
    assert mean["mixture"] < mean["ideal-ratio-mask"] - 5
    for name in ("sdr.md", "sdr.png", "spectrograms/Synthetic - Test 001.png"):
        assert (chain.path / "reports" / name).stat().st_size > 100
    sounds = chain.path / "reports" / "sound" / "Synthetic - Test 001" / "vocals"
    assert sorted(path.stem for path in sounds.iterdir()) == sorted([*architectures(chain), "reference"])


def test_a_second_repro_runs_nothing(chain: Workspace) -> None:
    assert chain.stages_run("dvc", "repro") == []
    assert "up to date" in chain.run("dvc", "status").stdout


def test_two_runs_give_the_same_lock(chain: Workspace, tmp_path: Path) -> None:
    again = make_workspace(tmp_path / "elsewhere", baselines=[])
    again.run("dvc", "repro", "evaluate@0", "evaluate-bound@ideal-ratio-mask")
    first, second = (yaml.safe_load((place.path / "dvc.lock").read_text())["stages"] for place in (chain, again))
    assert {"download@train", "spectrograms@test", "indexes", "conditions", "train@0", "evaluate@0"} <= set(second)
    assert second == {stage: first[stage] for stage in second}
    assert str(chain.path) not in (chain.path / "dvc.lock").read_text()


def test_another_film_runs_only_what_it_touches_and_shows_beside_the_first(chain: Workspace) -> None:
    ran = chain.stages_run("dvc", "exp", "run", "-n", "complex", "-S", "film=complex")
    assert ran == ["train@0", "evaluate@0", "interpret", "compare"]
    assert architectures(chain) == ["mixture", "unet", "complex-dense-pairs", "ideal-ratio-mask"]
    table = pd.read_csv(io.StringIO(chain.run("dvc", "exp", "show", "--csv").stdout))
    assert table.set_index("Experiment").loc["complex", "film"] == "complex"
    assert table["cunet.SDR vocals"].notna().all()
    chain.run("git", "checkout", "-q", ".")
    chain.run("dvc", "checkout", "-q")
    assert chain.stages_run("dvc", "repro") == []


def test_a_queued_experiment_leaves_the_workspace_and_logs_to_its_store(chain: Workspace) -> None:
    chain.run("dvc", "exp", "run", "--queue", "-n", "elsewhere", "-S", "film=complex", "-S", "control=conv")
    chain.run("dvc", "exp", "run", "--run-all")
    table = pd.read_csv(io.StringIO(chain.run("dvc", "exp", "show", "--csv").stdout)).set_index("Experiment")
    assert list(table.loc["elsewhere", ["film", "control"]]) == ["complex", "conv"]
    assert architectures(chain)[2] == "simple-dense-pairs"
    run = runs(store(chain))["complex-conv-pairs"]
    assert run.data.tags["dvc.experiment"] == "elsewhere"
    assert run.data.metrics["sdr/vocals"] == pytest.approx(table.loc["elsewhere", "cunet.SDR vocals"], abs=1e-3)
    artifacts = Path(run.info.artifact_uri.removeprefix("file://"))
    assert artifacts.is_relative_to(chain.path)
    assert (artifacts / "sdr_by_track.json").exists()


def test_metrics_and_plots_are_shown(chain: Workspace) -> None:
    metrics = json.loads(chain.run("dvc", "metrics", "show", "--json").stdout)[""]["data"]["reports/metrics.json"]
    assert set(metrics["data"]) == {"cunet", "unet", "mixture", "ideal-ratio-mask"}
    chain.run("dvc", "plots", "show", "--out", "plots")
    page = (chain.path / "plots" / "index.html").read_text()
    for title in ("SDR over test tracks", "Training and validation loss", "sdr.png", "Test 001.png"):
        assert title in page
    shutil.rmtree(chain.path / "plots")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"flim": "simple"}, "error: params.yaml: flim"),
        ({"patch": {"frames": 15, "step": 8}}, "error: params.yaml: patch.frames (15)"),
        ({"validation": {"tracks": 9, "seed": 0}}, "error: validation.tracks: 9 of 3"),
    ],
)
def test_a_mistake_ends_in_one_line_and_loses_nothing(chain: Workspace, changes: dict[str, object], words: str) -> None:
    before = (chain.path / "dvc.lock").read_bytes()
    chain.params(**changes)
    result = chain.run("dvc", "repro", "--force", "-s", "indexes", check=False)
    chain.run("git", "checkout", "-q", "params.yaml")
    assert result.returncode != 0
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert (chain.path / "dvc.lock").read_bytes() == before
    chain.run("dvc", "checkout", "-q")


def test_a_users_folder_is_compared_and_a_change_reruns_what_depends_on_it(songs: Path, tmp_path: Path) -> None:
    mine = tmp_path / "my songs"
    shutil.copytree(songs, mine)
    workspace = make_workspace(tmp_path / "workspace", dataset="folder", folder={"root": "../my songs"}, baselines=[])
    workspace.run("dvc", "repro")
    table = pd.read_csv(workspace.path / "reports" / "sdr.csv")
    assert architectures(workspace) == ["mixture", "simple-dense-pairs", "ideal-ratio-mask"]
    assert table["target"].unique().tolist() == ["clicks", "noise", "tone", "mean"]

    write_song(mine / "test" / "new", seed=50)
    ran = workspace.stages_run("dvc", "repro")
    assert set(ran) == {"download@test", "spectrograms@test", "evaluate", *BOUNDS, "compare"}
    assert pd.read_csv(workspace.path / "reports" / "sdr.csv")["tracks"].eq(3).all()

    shutil.rmtree(mine / "test" / "new")
    assert workspace.stages_run("dvc", "repro") == ["compare"]  # the others were seen before, and are restored
    assert pd.read_csv(workspace.path / "reports" / "sdr.csv")["tracks"].eq(2).all()

    (mine / "train" / "song 0" / "tone.wav").unlink()
    result = workspace.run("dvc", "repro", check=False)
    assert result.returncode != 0
    assert "song 1: instruments clicks, noise, tone, but song 0 has clicks, noise" in result.stderr
