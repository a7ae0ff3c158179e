"""The commands that users run, on the real stages."""

import io
import json
import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.chain.workspace import Workspace, architectures, make_workspace, runs, store


def test_repro_compares_everything_that_params_name(own_chain: Workspace) -> None:
    table = pd.read_csv(own_chain.path / "reports" / "sdr.csv")
    interval = ["SDR low", "SDR high"]
    assert list(table.columns) == [
        *("architecture", "protocol", "group", "target", "tracks", "SDR", "ISR", "SIR", "SAR", "SI-SDR", "SDR 2021"),
        *(*interval, "seeds", "SDR seed mean", "SDR seed std"),
    ]
    assert architectures(own_chain) == ["mixture", "unet", "simple-dense-pairs", "ideal-ratio-mask"]
    for _, rows in table.groupby("architecture"):
        pairs = ["bass+drums", "bass+other", "bass+vocals", "drums+other", "drums+vocals", "other+vocals"]
        singles = ["bass", "drums", "other", "vocals", "mean"]
        assert rows["target"].tolist() == [*singles, *pairs, "mean of 2 instruments"]
        assert (rows["tracks"] == 2).all()
        assert rows["SDR"].iloc[:4].mean() == pytest.approx(rows["SDR"].iloc[4], abs=1e-3)
        assert rows["SDR"].iloc[5:11].mean() == pytest.approx(rows["SDR"].iloc[11], abs=1e-3)
        assert (rows["SDR low"] <= rows["SDR"]).all()
        assert (rows["SDR"] <= rows["SDR high"]).all()
    mean = table[table["target"] == "mean"].set_index("architecture")["SDR"]
    assert mean["mixture"] < mean["ideal-ratio-mask"] - 5
    assert table[["SI-SDR", "SDR 2021"]].notna().all(axis=None)
    differences = pd.read_csv(own_chain.path / "reports" / "differences.csv")
    assert {tuple(pair) for pair in differences[["first", "second"]].to_numpy()} == {("unet", "simple-dense-pairs")}
    assert len(differences) == 5 + 7
    costs = pd.read_csv(own_chain.path / "reports" / "costs.csv").set_index("architecture")
    assert costs["networks"].to_dict() == {"unet": 4, "simple-dense-pairs": 1}
    for name in ("sdr.md", "sdr.png", "spectrograms/Synthetic - Test 001.png"):
        assert (own_chain.path / "reports" / name).stat().st_size > 100
    for target in ("vocals", "drums+vocals"):
        sounds = own_chain.path / "reports" / "sound" / "Synthetic - Test 001" / target
        assert sorted(path.stem for path in sounds.iterdir()) == sorted([*architectures(own_chain), "reference"])


def test_the_page_has_every_section_of_the_report_and_no_dead_link(own_chain: Workspace) -> None:
    page = (own_chain.path / "reports" / "index.html").read_text()
    parts = (
        "SDR of single",
        "SDR of combinations of 2",
        "Differences",
        "Costs",
        "What the control network learned",
        "Examples",
    )
    places = [page.index(f"<h2>{part}") for part in parts]
    assert places == sorted(places)
    files = [unquote(found) for found in re.findall(r'(?:src|href)="([^"]+)"', page)]
    for name in ("sdr.png", *(f"interpretation/{name}.png" for name in ("path", "gamma", "beta", "projection"))):
        assert name in files
    assert "spectrograms/Synthetic - Test 001.png" in files
    for name in files:
        assert (own_chain.path / "reports" / name).exists(), name


def test_a_second_repro_runs_nothing(own_chain: Workspace) -> None:
    assert own_chain.stages_run("dvc", "repro") == []
    assert "up to date" in own_chain.run("dvc", "status").stdout


UNSEEN = (
    *("README.md", "cunet/__init__.py", "cunet/cli/__init__.py", "cunet/errors.py", "cunet/export/export.py"),
    *("cunet/params.py", "cunet/progress.py", "cunet/tracking/training.py"),
)
UNSEEN_BY_TRAINING = (
    *(*UNSEEN, "cunet/masking/saved.py", "cunet/datasets/zenodo.py", "cunet/audio.py", "cunet/settings/scoring.py"),
    *("cunet/evaluation/protocols.py", "cunet/report/sdr_plot.py", "cunet/signals/stft.py"),
)
OWN = ("conditions/tables", "preprocess/spectrogram", "settings/training")
SEEN_BY_TRAINING = {
    "cunet/models/unet.py": "cunet/models",
    "cunet/train/checkpoint.py": "cunet/train",
    **{f"cunet/{name}.py": f"cunet/{name}.py" for name in OWN},
}


def test_an_edit_trains_again_where_it_concerns_the_training_and_nowhere_else(own_chain: Workspace) -> None:
    def after_edits(*names: str) -> dict[str, set[str]]:
        for name in names:
            with (own_chain.path / name).open("a") as file:
                file.write("\n# edited\n")
        stages = json.loads(own_chain.run("dvc", "status", "--json").stdout)
        own_chain.run("git", "checkout", "-q", ".")
        return {stage: set(changes[0]["changed deps"]) for stage, changes in stages.items()}

    assert after_edits(*UNSEEN) == {}
    assert set(after_edits("cunet/datasets/zenodo.py")) == {"download@train", "download@test"}
    assert set(after_edits("cunet/report/sdr_plot.py")) == {"compare"}
    training = {"train@0", "train-baseline@unet-0"}
    assert not set(after_edits(*UNSEEN_BY_TRAINING)) & training
    changed = after_edits(*SEEN_BY_TRAINING)
    assert all(changed[stage] == set(SEEN_BY_TRAINING.values()) for stage in training)


def test_two_runs_give_the_same_lock(own_chain: Workspace, programs: Path, tmp_path: Path) -> None:
    again = make_workspace(tmp_path / "elsewhere", programs)
    again.run("dvc", "repro", "evaluate@0", "bounds@ideal-ratio-mask")
    first, second = (yaml.safe_load((place.path / "dvc.lock").read_text())["stages"] for place in (own_chain, again))
    assert {"download@train", "spectrograms@test", "indexes", "conditions", "train@0", "evaluate@0"} <= set(second)
    assert second == {stage: first[stage] for stage in second}
    assert str(own_chain.path) not in (own_chain.path / "dvc.lock").read_text()


def test_another_film_runs_only_what_it_touches_and_shows_beside_the_first(own_chain: Workspace) -> None:
    ran = own_chain.stages_run("dvc", "exp", "run", "-n", "complex", "-S", "film=complex")
    assert ran == ["train@0", "evaluate@0", "interpret", "examples", "compare"]
    assert architectures(own_chain) == ["mixture", "unet", "complex-dense-pairs", "ideal-ratio-mask"]
    table = pd.read_csv(io.StringIO(own_chain.run("dvc", "exp", "show", "--csv").stdout))
    assert table.set_index("Experiment").loc["complex", "film"] == "complex"
    assert table["cunet.SDR vocals"].notna().all()
    own_chain.run("git", "checkout", "-q", ".")
    own_chain.run("dvc", "checkout", "-q")
    assert own_chain.stages_run("dvc", "repro") == []


def test_another_seed_trains_only_what_is_new_and_the_report_tells_the_spread(own_chain: Workspace) -> None:
    ran = own_chain.stages_run("dvc", "exp", "run", "-S", "seeds=[0,3]", "-S", "baselines=[]")
    assert ran == ["conditions", "train@3", "evaluate@3", "examples", "compare"]
    reports = own_chain.path / "reports"
    by_track = pd.read_csv(reports / "sdr_by_track.csv").query("architecture == 'simple-dense-pairs'")
    seeds = by_track.pivot(index=["track", "target"], columns="seed", values="SDR")
    assert (seeds[0] != seeds[3]).any()
    table = pd.read_csv(reports / "sdr.csv").set_index(["architecture", "target"])
    assert table.loc[("simple-dense-pairs", "vocals"), "seeds"] == 2
    assert table.loc[("mixture", "vocals"), "seeds"] == 1
    vocals = float(np.median(seeds.xs("vocals", level="target").to_numpy().mean(axis=1)))
    assert table.loc[("simple-dense-pairs", "vocals"), "SDR"] == pytest.approx(vocals, abs=1e-3)
    assert re.search(
        r"simple-dense-pairs \| +single instruments \| +2 \| +-?[\d.]+ ± [\d.]+", (reports / "sdr.md").read_text()
    )
    found = runs(store(own_chain))
    assert found["simple-dense-pairs, seed 3"].data.params["seed"] == "3"
    own_chain.run("git", "checkout", "-q", ".")
    own_chain.run("dvc", "checkout", "-q")


def test_a_set_of_ones_own_that_is_not_used_runs_nothing_but_the_tables(own_chain: Workspace) -> None:
    sets = yaml.safe_load((own_chain.path / "params.yaml").read_text())["condition_sets"]
    own_chain.params(condition_sets=sets | {"trios": {"up_to": 3}})
    assert own_chain.stages_run("dvc", "repro") == ["conditions"]
    own_chain.run("git", "checkout", "-q", ".")
    own_chain.run("dvc", "checkout", "-q")


def test_a_queued_experiment_leaves_the_workspace_and_logs_to_its_store(own_chain: Workspace) -> None:
    changes = {"film": "complex", "control": "conv", "placement": "decoder", "conditions": "between"}
    settings = [argument for name, value in changes.items() for argument in ("-S", f"{name}={value}")]
    own_chain.run("dvc", "exp", "run", "--queue", "-n", "elsewhere", *settings)
    own_chain.run("dvc", "exp", "run", "--run-all")
    table = pd.read_csv(io.StringIO(own_chain.run("dvc", "exp", "show", "--csv").stdout)).set_index("Experiment")
    assert table.loc["elsewhere", list(changes)].to_dict() == changes
    assert architectures(own_chain)[2] == "simple-dense-pairs"
    run = runs(store(own_chain))["complex-conv-decoder-between"]
    assert run.data.tags["dvc.experiment"] == "elsewhere"
    assert run.data.metrics["sdr/vocals"] == pytest.approx(table.loc["elsewhere", "cunet.SDR vocals"], abs=1e-3)
    artifacts = Path(run.info.artifact_uri.removeprefix("file://"))
    assert artifacts.is_relative_to(own_chain.path)
    assert (artifacts / "sdr_by_track.json").exists()
    modulation = pd.read_csv(artifacts / "interpretation" / "modulation.csv")
    assert modulation["block"].unique().tolist() == ["decoder_2", "decoder_1"]
    assert {"0.25 vocals", "vocals", "all", "none"} <= set(modulation["condition"])


def test_metrics_and_plots_are_shown(own_chain: Workspace) -> None:
    metrics = json.loads(own_chain.run("dvc", "metrics", "show", "--json").stdout)[""]["data"]["reports/metrics.json"]
    assert set(metrics["data"]) == {"cunet", "unet", "mixture", "ideal-ratio-mask"}
    own_chain.run("dvc", "plots", "show", "--out", "plots")
    page = (own_chain.path / "plots" / "index.html").read_text()
    pictures = ("sdr.png", "gamma.png", "beta.png", "path.png", "projection.png", "Test 001.png")
    for title in ("SDR over test tracks", "Training and validation loss", *pictures):
        assert title in page
    shutil.rmtree(own_chain.path / "plots")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"flim": "simple"}, "error: params.yaml: flim"),
        ({"patch": {"frames": 15, "step": 8}}, "error: params.yaml: patch.frames (15)"),
        ({"validation": {"tracks": 9, "seed": 0}}, "error: validation.tracks: 9 of 3"),
    ],
)
def test_a_mistake_ends_in_one_line_and_loses_nothing(
    own_chain: Workspace, changes: dict[str, object], words: str
) -> None:
    before = (own_chain.path / "dvc.lock").read_bytes()
    own_chain.params(**changes)
    result = own_chain.run("dvc", "repro", "--force", "-s", "indexes", check=False)
    own_chain.run("git", "checkout", "-q", "params.yaml")
    assert result.returncode != 0
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert (own_chain.path / "dvc.lock").read_bytes() == before
    own_chain.run("dvc", "checkout", "-q")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"interpret": {"path": ["drums", "trumpet"], "steps": 3, "tracks": 1}}, "interpret.path: no instrument"),
        ({"condition_sets": {"single": {"up_to": 1}}}, "params.yaml: conditions: no condition set is called pairs"),
        (
            {"condition_sets": {"single": {"up_to": 1}, "pairs": {"up_to": 4, "levels": [0.2, 0.4, 0.6, 0.8, 1, 0.1]}}},
            "condition_sets: up_to 4 of 4 instruments at 6 level(s) are 2400 conditions",
        ),
    ],
)
def test_conditions_that_cannot_be_end_in_one_line_before_anything_is_trained(
    own_chain: Workspace, changes: dict[str, object], words: str
) -> None:
    own_chain.params(**changes)
    result = own_chain.run("dvc", "repro", check=False)
    own_chain.run("git", "checkout", "-q", ".")
    own_chain.run("dvc", "checkout", "-q")
    assert result.returncode != 0
    assert words in result.stderr
    assert "Running stage 'train" not in result.stdout
    assert "Traceback" not in result.stderr
