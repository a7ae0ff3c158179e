"""What the report says, section by section."""

from pathlib import Path

import pandas as pd

from cunet.params import Params
from tests.scored import scores_by_the_paper, sections, with_combinations, with_many_conditions


def test_the_report_says_what_was_left_out(scores: pd.DataFrame, params: Params) -> None:
    (section,) = sections("scores", scores, params)
    assert section.table is not None
    assert section.table.iloc[1].tolist() == ["simple-dense", "7.00", "8.50", "7.75"]
    assert any("9 of 120" in note for note in section.notes)
    assert section.notes.count("Not scored: bass of z (silent reference).") == 1


def test_a_single_track_has_a_difference_without_an_interval(scores: pd.DataFrame, params: Params) -> None:
    alone = scores[scores["track"] == "x"]
    (section,) = sections("differences", alone, params)
    assert section.table is not None
    (row,) = section.table.to_dict("records")
    assert row["second against first"] == "simple-dense – mixture"
    assert row["difference, dB"] == "+5.00"
    assert row["p"] == "1.000"


def test_the_papers_table_has_deviations_and_its_title(params: Params) -> None:
    (section,) = sections("scores", scores_by_the_paper(), params)
    assert section.table is not None
    assert section.table["bass"].tolist() == ["3.00 ± 2.00"]
    assert "BSS Eval v3" in section.text[0]


def test_every_group_of_combinations_has_a_section(scores: pd.DataFrame, params: Params) -> None:
    titles = [section.title for section in sections("combinations", with_combinations(scores), params)]
    assert titles == ["SDR of combinations of 2 instruments", "SDR of values in between"]


def test_where_only_the_mean_of_a_group_is_shown_the_section_says_where_the_rest_is(
    scores: pd.DataFrame, params: Params
) -> None:
    (section,) = sections("combinations", with_many_conditions(scores), params)
    assert section.notes == ["All 40 conditions: sdr.csv."]


def test_a_protocol_that_is_deaf_to_levels_says_so_beside_values_in_between(params: Params) -> None:
    paper = scores_by_the_paper()
    (section,) = sections("combinations", pd.concat([paper, paper.assign(group="in between")]), params)
    assert "levels are not evaluated" in section.notes[-1]


def test_the_first_section_counts_what_the_training_read(scores: pd.DataFrame, params: Params) -> None:
    (section,) = sections("compared", scores, params)
    assert "simple-dense-pairs with unet, on the data set synthetic" in section.text[0]
    assert "up to 36 patches per conditioned network and 36 per dedicated network, with seed 0" in section.text[1]


def test_without_examples_there_is_no_section_of_them(scores: pd.DataFrame, params: Params, tmp_path: Path) -> None:
    assert sections("examples", scores, params, tmp_path) == []
    (tmp_path / "spectrograms").mkdir()
    for name in ("b.png", "d.png", "c.png", "f.png", "a.png", "e.png"):
        (tmp_path / "spectrograms" / name).touch()
    (section,) = sections("examples", scores, params, tmp_path)
    assert [picture.file for picture in section.pictures] == ["spectrograms/a.png"]
    assert section.links == {"Listen to the mixture, the targets and all estimates": "listen.html"}


def test_trainings_that_did_not_converge_are_named(scores: pd.DataFrame, params: Params) -> None:
    (section,) = sections("convergence", scores, params)
    assert "Of 3 trained networks: 1 converged, 1 still falling, 1 diverged, 0 too short to tell." in section.text[0]
    assert section.table is not None
    assert dict(zip(section.table["network"], section.table["state"], strict=True)) == {
        "a": "converged",
        "b": "still falling",
        "c": "diverged",
    }


def test_the_best_trained_architecture_stands_out_and_no_bound(scores: pd.DataFrame, params: Params) -> None:
    own = scores[scores["architecture"] == "simple-dense"]
    better = own.assign(architecture="unet", SDR=own["SDR"] + own["target"].map({"bass": 1, "vocals": -2}))
    (section,) = sections("scores", pd.concat([scores, better]), params)
    assert section.best == {("unet", "bass"), ("simple-dense", "vocals"), ("simple-dense", "mean")}
    (alone,) = sections("scores", scores, params)
    assert alone.best == set()


def test_the_settings_of_the_run_are_listed(scores: pd.DataFrame, params: Params) -> None:
    (section,) = sections("settings", scores, params)
    assert section.table is not None
    settings: dict[str, str] = dict(section.table.itertuples(index=False))
    assert settings["networks"].startswith("architecture: simple-dense-pairs, baselines: unet, seeds: 0, unet.layers: ")
    assert "learning_rate: " in settings["training"]
    assert settings["scoring"].startswith("protocol: model-rate, ")
    assert "git log -1 dvc.lock" in section.notes[0]
