"""`cunet estimate`: what a run takes, before it starts."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cunet import estimate
from cunet.datasets import folder
from cunet.datasets.registry import DATASETS
from cunet.params import Params
from cunet.preprocess.spectrogram import write_track

Write = Callable[..., Params]


def steps(params: Params) -> dict[str, estimate.Step]:
    return {step.name: step for step in estimate.estimate(params)}


def test_the_disk_is_what_the_stages_take(write_params: Write, songs: Path, tmp_path: Path) -> None:
    params = write_params(dataset="folder", folder={"root": str(songs)})
    found = steps(params)
    for subset in ("train", "test"):
        for track in folder.tracks(songs / subset):
            write_track(track, tmp_path / f"{track.name} {subset}.h5", params.spectrogram)
    written = sum(path.stat().st_size for path in tmp_path.glob("*.h5"))
    assert found["spectrograms"].disk == pytest.approx(written, rel=0.1)
    audio = sum(path.stat().st_size for path in songs.rglob("*.wav"))
    assert found["download"].disk == audio


def test_every_network_is_tried(write_params: Write) -> None:
    params = write_params(film="complex", baselines=["unet", "simple-conv"])
    found = steps(params)
    assert list(found) == [
        "download",
        "spectrograms",
        "train complex-dense",
        "train unet",
        "train simple-conv",
        "evaluate",
    ]
    assert found["train unet"].note.startswith("4 x")
    for name in ("train complex-dense", "train unet", "train simple-conv", "evaluate", "spectrograms"):
        assert found[name].seconds > 0
        assert found[name].memory > 10**8


def test_times_are_those_of_the_trials_times_what_is_asked(
    write_params: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_second(work: Callable[[], object]) -> float:
        work()
        return 1.0

    monkeypatch.setattr(estimate, "_time", one_second)
    found = steps(write_params(baselines=["unet"]))
    assert found["train simple-dense"].seconds == 3 * 3 / 2  # epochs, batches; two steps a second
    assert found["train unet"].seconds == 4 * 3 * 3 / 2
    assert found["spectrograms"].seconds == 5 * 6 / 20  # songs, seconds; the trial has 20
    assert found["evaluate"].seconds == 4 * 2 * 6 / 20  # two architectures and two bounds on two songs


@pytest.mark.parametrize(
    ("dataset", "source", "gigabytes"),
    [("musdb18", "download", 9.4), ("musdb18-hq", "download", 54.4), ("musdb18", "my.zip", 4.7)],
)
def test_published_sizes_count_before_anything_is_there(
    write_params: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dataset: str, source: str, gigabytes: float
) -> None:
    monkeypatch.chdir(tmp_path)
    params = write_params(dataset=dataset, musdb={"source": source, "checksum": None})
    extent = DATASETS[dataset].extent(params)
    assert (extent.download + extent.audio) / 1e9 == pytest.approx(gigabytes, abs=0.1)
    assert extent.tracks == {"train": 100, "test": 50}


def test_the_table_warns_where_the_disk_is_too_small(
    write_params: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    usage = shutil.disk_usage(".")._replace(free=10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    estimate.show(write_params(baselines=[]))
    text = capsys.readouterr().out
    assert text.startswith("synthetic: 3 + 2 tracks")
    assert re.search(r"^all +\d", text, re.MULTILINE)
    assert re.search(r"^warning: that is \d.* too little", text, re.MULTILINE)


@pytest.mark.parametrize(("seconds", "words"), [(5, "5.0 s"), (90, "1.5 min"), (5400, "1.5 h"), (129600, "1.5 days")])
def test_durations_are_in_words(seconds: float, words: str) -> None:
    assert estimate.duration(seconds) == words
