"""Everything that is compared, as tables."""

import json
from pathlib import Path

import pandas as pd
import pytest

from cunet.comparison.comparison import Comparison, compare
from cunet.params import Params
from cunet.train.cost import Cost
from cunet.train.history import write_history
from tests.scored import scores_of_three_tracks

FILES = (
    "convergence.csv",
    "costs.csv",
    "differences.csv",
    "sdr",
    "sdr.csv",
    "sdr_by_track.csv",
    "training.csv",
)


def write_scores(folder: Path, name: str, gain: float) -> Path:
    """Scores of one architecture, so much above those of the mixture."""
    folder.mkdir(parents=True)
    scores = scores_of_three_tracks().query("architecture == 'mixture'").assign(architecture=name)
    scores.assign(SDR=scores["SDR"] + gain).to_csv(folder / "scores.csv", index=False)
    return folder


def write_model(folder: Path, *networks: str) -> Path:
    folder.mkdir(parents=True)
    Cost(networks=len(networks), weights=10**6, multiply_adds=10**6, activations=10**6).save(folder)
    rows = [
        {"epoch": number, "train_loss": 1 / number, "validation_loss": 2 / number, "learning_rate": 0.1}
        for number in (1, 2)
    ]
    write_history(dict.fromkeys(networks, rows), {}, folder)
    return folder


@pytest.fixture
def compared(params: Params, tmp_path: Path) -> Comparison:
    """A bound, dedicated networks, and the studied architecture with two seeds."""
    results = {
        "mixture": [write_scores(tmp_path / "mixture", "mixture", 0)],
        "unet": [write_scores(tmp_path / f"unet {seed}", "unet", 3) for seed in (0, 1)],
        "simple-dense-pairs": [
            write_scores(tmp_path / f"studied {seed}", "simple-dense-pairs", gain) for seed, gain in ((0, 4), (1, 6))
        ],
    }
    models = {
        "unet": [write_model(tmp_path / "models" / "unet" / str(seed), "bass", "vocals") for seed in (0, 1)],
        "simple-dense-pairs": [
            write_model(tmp_path / "models" / "cunet" / str(seed), "simple-dense-pairs") for seed in (0, 1)
        ],
    }
    return compare(results, models, params.model_copy(update={"seeds": [0, 1]}))


def test_scores_are_means_over_seeds_and_a_bound_has_one(compared: Comparison) -> None:
    seeds = {name: own["seed"].unique().tolist() for name, own in compared.by_seed.groupby("architecture")}
    assert seeds == {"mixture": [0], "unet": [0, 1], "simple-dense-pairs": [0, 1]}
    table = compared.measured.set_index(["architecture", "target"])
    assert list(compared.measured["architecture"].unique()) == ["mixture", "unet", "simple-dense-pairs"]
    studied = table.xs(("simple-dense-pairs", "vocals"))
    assert [studied[name] for name in ("SDR", "SDR seed mean", "SDR seed std")] == pytest.approx([7, 7, 2**0.5])
    assert (table["SDR low"] <= table["SDR"]).all()
    assert (table["SDR high"] >= table["SDR"]).all()


def test_only_what_was_trained_is_paired_and_has_a_cost(compared: Comparison) -> None:
    pairs = compared.differences[["first", "second"]].drop_duplicates().to_numpy().tolist()
    assert pairs == [["unet", "simple-dense-pairs"]]
    assert compared.differences["difference"].tolist() == pytest.approx([2] * 3)
    assert compared.costs["architecture"].tolist() == ["unet", "simple-dense-pairs"]
    pd.testing.assert_frame_equal(
        compared.summary, compared.measured, check_dtype=False
    )  # nobody published such figures


def test_a_curve_is_called_after_network_and_seed(compared: Comparison) -> None:
    curves = compared.training
    assert curves["network"].unique().tolist() == [
        *(f"unet: {network}, seed {seed}" for seed in (0, 1) for network in ("bass", "vocals")),
        *(f"simple-dense-pairs, seed {seed}" for seed in (0, 1)),
    ]
    own = curves[curves["network"] == "unet: bass, seed 1"]
    losses = {patches: rows["loss"].tolist() for patches, rows in own.groupby("patches")}
    assert losses == {"training": [1.0, 0.5], "validation": [2.0, 1.0]}


def test_its_tables_are_files_and_metrics_keep_the_name_cunet(compared: Comparison, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    compared.write(tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == list(FILES)
    values = {path.stem: json.loads(path.read_text()) for path in (tmp_path / "out" / "sdr").iterdir()}
    assert sorted(values) == ["cunet", "mixture", "unet"]
    assert values["cunet"]["vocals"] == 7
    table = pd.read_csv(tmp_path / "out" / "sdr_by_track.csv")
    assert len(table) == len(compared.by_seed) == 5 * 6
