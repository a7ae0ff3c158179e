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

from tests.conftest import TINY
from tests.pipeline.workspace import Workspace, architectures, make_workspace, runs, store


def test_repro_compares_everything_that_params_name(own_pipeline: Workspace) -> None:
    table = pd.read_csv(own_pipeline.path / "reports" / "sdr.csv")
    interval = ["SDR low", "SDR high"]
    assert list(table.columns) == [
        *("architecture", "protocol", "group", "target", "tracks", "SDR", "ISR", "SIR", "SAR", "SI-SDR", "SDR 2021"),
        *(*interval, "seeds", "SDR seed mean", "SDR seed std"),
    ]
    assert architectures(own_pipeline) == ["mixture", "unet", "simple-dense-pairs", "ideal-ratio-mask"]
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
    differences = pd.read_csv(own_pipeline.path / "reports" / "differences.csv")
    assert {tuple(pair) for pair in differences[["first", "second"]].to_numpy()} == {("unet", "simple-dense-pairs")}
    assert len(differences) == 5 + 7
    costs = pd.read_csv(own_pipeline.path / "reports" / "costs.csv").set_index("architecture")
    assert costs["networks"].to_dict() == {"unet": 4, "simple-dense-pairs": 1}
    for name in ("sdr.md", "sdr.png", "spectrograms/Synthetic - Test 001.png"):
        assert (own_pipeline.path / "reports" / name).stat().st_size > 100
    for target in ("vocals", "drums+vocals"):
        sounds = own_pipeline.path / "reports" / "sound" / "Synthetic - Test 001" / target
        assert sorted(path.stem for path in sounds.iterdir()) == sorted([*architectures(own_pipeline), "reference"])


def test_the_page_has_every_section_of_the_report_and_no_dead_link(own_pipeline: Workspace) -> None:
    page = (own_pipeline.path / "reports" / "index.html").read_text()
    parts = (
        "SDR of single",
        "SDR of combinations of 2",
        "Differences",
        "Costs",
        "Analysis of the control network",
        "Examples",
    )
    titles = re.findall(r'<h2 id="section-\d+">(.*)</h2>', page)
    places = [next(place for place, title in enumerate(titles) if title.startswith(part)) for part in parts]
    assert places == sorted(places)
    assert re.findall(r'href="#section-\d+">(.*)</a>', page) == titles
    files = [unquote(found) for found in re.findall(r'(?:src|href)="([^"#]+)"', page)]
    for name in (
        "sdr.png",
        "training.png",
        "sdr_by_track.csv",
        *(f"interpretation/{name}.png" for name in ("path", "gamma", "beta", "projection")),
    ):
        assert name in files
    assert "spectrograms/Synthetic - Test 001.png" in files
    for name in files:
        assert (own_pipeline.path / "reports" / name).exists(), name


def test_a_second_repro_runs_nothing(own_pipeline: Workspace) -> None:
    assert own_pipeline.stages_run("dvc", "repro") == []
    assert "up to date" in own_pipeline.run("dvc", "status").stdout


NOTHING = {
    "command line": "cunet/cli/running.py",
    "docs": "docs/reference/structure.md",
    "export": "cunet/export/export.py",
    "forecast": "cunet/forecast.py",
    "loading": "cunet/loading.py",
    "messages": "cunet/errors.py",
    "model card": "cunet/export/card.md",
    "page": "cunet/app/page.py",
    "params": "cunet/params.py",
    "progress bar": "cunet/progress.py",
    "registries": "cunet/registry/registry.py",
    "tracking": "cunet/tracking/training.py",
}
NO_TRAINING = {
    "audio": "cunet/audio/reading.py",
    "bounds": "cunet/evaluation/bounds.py",
    "condition sets": "cunet/conditions/sets.py",
    "download": "cunet/datasets/zenodo.py",
    "new data set": "cunet/registry/datasets.py",
    "examples": "cunet/examples/writing.py",
    "index tables": "cunet/preprocess/patches.py",
    "interpretation": "cunet/interpret/modulation.py",
    "ONNX": "cunet/masking/saved.py",
    "player": "cunet/player/player.js",
    "plots": "cunet/report/spectrogram_plot.py",
    "report": "cunet/report/page.html",
    "resampling": "cunet/signals/resampling.py",
    "scoring": "cunet/evaluation/protocols.py",
    "settings of scores": "cunet/settings/evaluation.py",
}
TRAINING = {
    "batches": "cunet/train/batches.py",
    "checkpoint": "cunet/train/checkpoint.py",
    "conditions": "cunet/conditions/tables.py",
    "losses": "cunet/train/losses.py",
    "network": "cunet/models/unet.py",
    "optimiser": "cunet/train/fit.py",
    "settings of the training": "cunet/settings/training.py",
    "spectrogram": "cunet/preprocess/spectrogram.py",
}


def test_an_edit_reruns_what_it_concerns_and_nothing_else(own_pipeline: Workspace) -> None:
    def after_edits(*names: str) -> set[str]:
        for name in names:
            with (own_pipeline.path / name).open("r+") as file:
                file.seek(0, 2)
                file.write("\n# edited\n")
        stages = json.loads(own_pipeline.run("dvc", "status", "--json").stdout)
        own_pipeline.run("git", "checkout", "-q", ".")
        return set(stages)

    training = {"train@0", "train-baseline@unet-0"}
    assert after_edits(*NOTHING.values()) == set()
    assert not after_edits(*NO_TRAINING.values()) & training
    assert after_edits(NO_TRAINING["download"]) == {"download@train", "download@test"}
    assert after_edits(NO_TRAINING["plots"]) == {"compare"}
    assert after_edits(NO_TRAINING["examples"]) == {"examples"}
    for name in TRAINING.values():
        assert training <= after_edits(name)
    own_pipeline.params(examples={"tracks": 2, "seconds": 2}, compare=TINY["compare"] | {"confidence": 0.9})
    assert after_edits() == {"examples", "compare"}


def test_two_runs_give_the_same_lock(pipeline: Workspace, programs: Path, tmp_path: Path) -> None:
    again = make_workspace(tmp_path / "elsewhere", programs)
    again.run("dvc", "repro", "evaluate@0", "bounds@ideal-ratio-mask")
    first, second = (yaml.safe_load((place.path / "dvc.lock").read_text())["stages"] for place in (pipeline, again))
    assert {"download@train", "spectrograms@test", "indexes", "conditions", "train@0", "evaluate@0"} <= set(second)
    assert second == {stage: first[stage] for stage in second}
    assert str(pipeline.path) not in (pipeline.path / "dvc.lock").read_text()


def test_another_film_runs_only_what_it_touches_and_shows_beside_the_first(own_pipeline: Workspace) -> None:
    ran = own_pipeline.stages_run("dvc", "exp", "run", "-n", "complex", "-S", "film=complex")
    assert ran == ["train@0", "evaluate@0", "interpret", "examples", "compare"]
    assert architectures(own_pipeline) == ["mixture", "unet", "complex-dense-pairs", "ideal-ratio-mask"]
    table = pd.read_csv(io.StringIO(own_pipeline.run("dvc", "exp", "show", "--csv").stdout))
    assert table.set_index("Experiment").loc["complex", "film"] == "complex"
    assert table["reports/sdr/cunet.json:vocals"].notna().all()
    own_pipeline.run("git", "checkout", "-q", ".")
    own_pipeline.run("dvc", "checkout", "-q")
    assert own_pipeline.stages_run("dvc", "repro") == []


def test_another_seed_trains_only_what_is_new_and_the_report_tells_the_spread(own_pipeline: Workspace) -> None:
    ran = own_pipeline.stages_run("dvc", "exp", "run", "-S", "seeds=[0,3]", "-S", "baselines=[]")
    assert ran == ["conditions", "train@3", "evaluate@3", "examples", "compare"]
    reports = own_pipeline.path / "reports"
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
    found = runs(store(own_pipeline))
    assert found["simple-dense-pairs, seed 3"].data.params["seed"] == "3"
    own_pipeline.run("git", "checkout", "-q", ".")
    own_pipeline.run("dvc", "checkout", "-q")


def test_a_set_of_ones_own_that_is_not_used_runs_nothing_but_the_tables(own_pipeline: Workspace) -> None:
    sets = yaml.safe_load((own_pipeline.path / "params.yaml").read_text())["condition_sets"]
    own_pipeline.params(condition_sets=sets | {"trios": {"up_to": 3}})
    assert own_pipeline.stages_run("dvc", "repro") == ["conditions"]
    own_pipeline.run("git", "checkout", "-q", ".")
    own_pipeline.run("dvc", "checkout", "-q")


def test_a_queued_experiment_leaves_the_workspace_and_logs_to_its_store(own_pipeline: Workspace) -> None:
    changes = {"film": "complex", "control": "conv", "placement": "decoder", "conditions": "between"}
    settings = [argument for name, value in changes.items() for argument in ("-S", f"{name}={value}")]
    own_pipeline.run("dvc", "exp", "run", "--queue", "-n", "elsewhere", *settings)
    own_pipeline.run("dvc", "exp", "run", "--run-all")
    table = pd.read_csv(io.StringIO(own_pipeline.run("dvc", "exp", "show", "--csv").stdout)).set_index("Experiment")
    assert table.loc["elsewhere", list(changes)].to_dict() == changes
    assert architectures(own_pipeline)[2] == "simple-dense-pairs"
    run = runs(store(own_pipeline))["complex-conv-decoder-between"]
    assert run.data.tags["dvc.experiment"] == "elsewhere"
    assert run.info.run_name == "complex-conv-decoder-between [elsewhere]"
    assert run.data.metrics["sdr/vocals"] == pytest.approx(
        table.loc["elsewhere", "reports/sdr/cunet.json:vocals"], abs=1e-3
    )
    artifacts = Path(run.info.artifact_uri.removeprefix("file://"))
    assert artifacts.is_relative_to(own_pipeline.path)
    assert (artifacts / "sdr_by_track.json").exists()
    modulation = pd.read_csv(artifacts / "interpretation" / "modulation.csv")
    assert modulation["block"].unique().tolist() == ["decoder_2", "decoder_1"]
    assert {"0.25 vocals", "vocals", "all", "none"} <= set(modulation["condition"])


def test_metrics_and_plots_are_shown(own_pipeline: Workspace) -> None:
    head, *rows = own_pipeline.run("dvc", "metrics", "show").stdout.splitlines()
    assert [row.split()[0] for row in rows] == [
        f"reports/sdr/{name}.json" for name in ("cunet", "ideal-ratio-mask", "mixture", "unet")
    ]
    assert {"bass", "drums", "other", "vocals", "mean"} <= set(head.split())
    own_pipeline.run("dvc", "plots", "show", "--out", "plots")
    page = (own_pipeline.path / "plots" / "index.html").read_text()
    assert "<script src" not in page  # it is shown without a network
    pictures = ("sdr.png", "gamma.png", "beta.png", "path.png", "projection.png", "Test 001.png")
    for title in ("SDR over test tracks", "Training and validation loss", *pictures):
        assert title in page
    shutil.rmtree(own_pipeline.path / "plots")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"flim": "simple"}, "error: params.yaml: flim"),
        ({"patch": {"frames": 15, "step": 8}}, "error: params.yaml: patch.frames (15)"),
        ({"validation": {"tracks": 9, "seed": 0}}, "error: validation.tracks: 9 of 3"),
    ],
)
def test_a_mistake_ends_in_one_line_and_loses_nothing(
    own_pipeline: Workspace, changes: dict[str, object], words: str
) -> None:
    before = (own_pipeline.path / "dvc.lock").read_bytes()
    own_pipeline.params(**changes)
    result = own_pipeline.run("dvc", "repro", "--force", "-s", "indexes", check=False)
    own_pipeline.run("git", "checkout", "-q", "params.yaml")
    assert result.returncode != 0
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert (own_pipeline.path / "dvc.lock").read_bytes() == before
    own_pipeline.run("dvc", "checkout", "-q")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"interpret": {"path": ["drums", "trumpet"], "steps": 3, "tracks": 1}}, "interpret.path: unknown instrument"),
        ({"condition_sets": {"single": {"up_to": 1}}}, "params.yaml: conditions: unknown condition set pairs"),
        (
            {"condition_sets": {"single": {"up_to": 1}, "pairs": {"up_to": 4, "levels": [0.2, 0.4, 0.6, 0.8, 1, 0.1]}}},
            "condition_sets: up_to 4 of 4 instruments at 6 level(s) makes 2400 conditions",
        ),
    ],
)
def test_conditions_that_cannot_be_end_in_one_line_before_anything_is_trained(
    own_pipeline: Workspace, changes: dict[str, object], words: str
) -> None:
    own_pipeline.params(**changes)
    result = own_pipeline.run("dvc", "repro", check=False)
    own_pipeline.run("git", "checkout", "-q", ".")
    own_pipeline.run("dvc", "checkout", "-q")
    assert result.returncode != 0
    assert words in result.stderr
    assert "Running stage 'train" not in result.stdout
    assert "Traceback" not in result.stderr
