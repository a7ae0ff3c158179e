"""The examples of docs/guides/extending.md, run as they stand there."""

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import yaml

from cunet.conditions.naming import by_name
from cunet.conditions.sets import build_conditions
from cunet.evaluation.bounds import ideal_ratio_mask
from cunet.evaluation.scores import score_track
from cunet.interpret.interpret import interpret
from cunet.interpret.tables import MODULATION, read_modulation, read_neutral_sdr
from cunet.masking.separator import Separator
from cunet.params import Params
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.registry.datasets import DATASETS
from cunet.tracks import folder
from cunet.tracks.reading import read_tracks
from cunet.train.fit import Trainer, describe, provenance
from tests.conftest import ROOT, SINGLES, TINY
from tests.scored import scores_of_three_tracks, sections

PAGE = (ROOT / "docs" / "guides" / "extending.md").read_text()
REGISTRIES = {
    module: getattr(import_module(f"cunet.registry.{module}"), module.upper())
    for module in ("controls", "datasets", "films", "losses", "protocols", "sections")
}
Write = Callable[..., Params]


@pytest.fixture(autouse=True)
def registries() -> Iterator[None]:
    """What a test registers is gone after it."""
    found = REGISTRIES.values()
    before = [set(one) for one in found]
    yield
    for one, names in zip(found, before, strict=True):
        for name in set(one) - names:
            del one[name]


def block(heading: str, language: str) -> str:
    """The code of a section of the page."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return "".join(re.findall(rf"```{language}\n(.*?)```", section, flags=re.DOTALL))


def run(heading: str) -> None:
    exec(compile(block(heading, "python"), heading, "exec"), {"__name__": "outside"})


def test_a_control_network_a_block_and_a_loss_train_and_separate(
    write_params: Write, prepared: Path, songs: Path, tmp_path: Path
) -> None:
    for heading in ("Control network", "FiLM or another block", "Loss"):
        run(heading)
    params = write_params(
        film="gated",
        control="residual",
        conditions="single",
        controls=TINY["controls"] | {"residual": {"gated": [4, 4]}},
        train=TINY["train"] | {"loss": "compressed"},
    )
    assert params.architecture == "gated-residual"
    architecture = describe(params, params.architecture, SINGLES)
    described = provenance(params, architecture, 0, prepared / "train", prepared / "indexes")
    losses: list[float] = []
    Trainer(
        architecture,
        params.train,
        0,
        described,
        prepared / "train",
        prepared / "indexes",
        tmp_path / "checkpoints",
        lambda network, row: losses.append(row["train_loss"]),
    ).train(tmp_path / "model")
    assert 0.01 < losses[0] < 1  # l1 of these magnitudes is far smaller
    separator = Separator(tmp_path / "model", 0.5)
    masks = separator.masks(TrackSpectrograms(prepared / "test" / "song 0.h5"), by_name(SINGLES), "none")
    assert np.abs(masks["tone"] - masks["noise"]).max() > 1e-4  # the condition reaches the mask
    (tmp_path / "out").mkdir()
    settings = params.spectrogram, params.evaluate, params.interpret, params.dask
    interpret(separator, folder.tracks(songs / "test"), prepared / "test", *settings, tmp_path / "out")
    assert read_modulation(tmp_path / "out" / MODULATION).empty  # it has no gammas, and nothing can make them neutral
    sdr = read_neutral_sdr(tmp_path / "out")
    assert sdr.index.tolist() == ["mixture", "clicks", "noise", "tone"]
    assert sdr.notna().all(axis=None)


def test_a_data_set_brings_its_settings_and_its_tracks(write_params: Write, tmp_path: Path) -> None:
    run("Data set")
    params = write_params(dataset="tones", **yaml.safe_load(block("Data set", "yaml")))
    ((name, settings),) = params.joined.items()
    dataset = DATASETS[name]
    assert dataset.extent(settings).tracks == {"train": 4, "test": 4}
    (tmp_path / "train").mkdir()
    dataset.prepare(settings, "train", tmp_path / "train", None)  # type: ignore[arg-type]
    tracks = read_tracks(tmp_path / "train")
    assert [track.name for track in tracks] == [f"song {number}" for number in range(4)]
    assert tracks[0].instruments == ("high", "low")
    assert tracks[0].read("mixture")[0].shape == (5 * 8192, 1)


def test_a_condition_set_is_lines_of_params(write_params: Write) -> None:
    mine = yaml.safe_load(block("Condition set", "yaml"))["condition_sets"]
    params = write_params(condition_sets=mine | {"single": {"up_to": 1}, "pairs": {"up_to": 2}}, conditions="faint")
    assert params.architecture == "simple-dense-faint"
    names = by_name(build_conditions(["bass", "vocals"], params.condition_sets["faint"]))
    assert {"0.25 bass", "0.25 bass+vocals", "none"} <= set(names)


def test_a_protocol_scores_by_its_name(write_params: Write, prepared: Path, songs: Path) -> None:
    run("Scoring protocol")
    params = write_params(evaluate=TINY["evaluate"] | {"protocol": "whole-stereo"})
    track, conditions = folder.tracks(songs / "test")[0], by_name(SINGLES)
    masks = ideal_ratio_mask(TrackSpectrograms(prepared / "test" / "song 0.h5"), conditions)
    table = score_track(track, masks, conditions, params.spectrogram, params.evaluate).table()
    assert table["frames"].tolist() == [1, 1, 1]
    assert table["SDR"].notna().all()


def test_a_section_stands_in_the_report(params: Params) -> None:
    run("Section of the report")
    (section,) = sections("hardest", scores_of_three_tracks(), params)
    assert section.table is not None
    assert section.table.to_numpy().tolist() == [["x", "7.0"], ["y", "8.0"], ["z", "14.0"]]


def test_the_page_names_every_registry() -> None:
    assert all(f"`{module}.py`" in PAGE for module in REGISTRIES)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"film": "gated"}, "film: unknown FiLM gated; choose from simple, complex"),
        ({"control": "residual"}, "control: unknown control network residual; choose from dense, conv"),
        ({"dataset": "tones"}, "dataset: unknown data set tones; choose from synthetic, musdb18"),
        (
            {"train": TINY["train"] | {"loss": "l3"}},
            "train.loss: unknown loss l3; choose from l1, complex, waveform",
        ),
        ({"evaluate": TINY["evaluate"] | {"protocol": "x"}}, "evaluate.protocol: unknown protocol x; choose"),
        ({"controls": {"dropout": 0}}, "controls.dense.simple: add the widths of simple-dense-pairs"),
        ({"controls": TINY["controls"] | {"conv": {"simpel": [4]}}}, "controls.conv.simpel: unknown FiLM simpel"),
        ({"controls": TINY["controls"] | {"lstm": {}}}, "controls.lstm: unknown control network lstm"),
        ({"tones": {"songs": 4}}, "params.yaml: tones: unknown parameter"),
    ],
)
def test_a_name_that_nothing_is_registered_under_is_one_line(
    write_params: Write, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(Exception, match=re.escape(words)):
        write_params(**changes)
