"""`cunet estimate`: what a run takes, before it starts."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cunet import forecast
from cunet.datasets import joined
from cunet.errors import UserError
from cunet.params import Params
from cunet.preprocess.writing import write_track
from cunet.tracks import folder
from tests.conftest import TINY

Write = Callable[..., Params]


def steps(params: Params) -> dict[str, forecast.Step]:
    extent = joined.extent(params.joined)
    return {step.name: step for step in forecast.forecast(params, extent)}


def test_the_disk_is_what_the_stages_take(write_params: Write, songs: Path, tmp_path: Path) -> None:
    mine = shutil.copytree(songs, tmp_path / "songs")
    for track in sorted((mine / "test").iterdir()):
        track.rename(track.with_name(f"other {track.name}"))
    params = write_params(dataset="folder", folder={"root": str(mine)}, baselines=[])
    found = steps(params)
    for subset in ("train", "test"):
        for own in folder.tracks(mine / subset):
            write_track(own, tmp_path / f"{own.name}.h5", params.spectrogram)
    written = sum(path.stat().st_size for path in tmp_path.glob("*.h5"))
    assert found["spectrograms"].disk == pytest.approx(written, rel=0.1)
    audio = sum(path.stat().st_size for path in mine.rglob("*.wav"))
    assert found["download"].disk == audio
    assert found["examples"].disk == 3 * 8192 * 2 * (6 * (2 + 1 + 1) + 3 + 3 + 2 + 1)  # conditions, then the path


def test_stems_are_tried_as_stems(write_params: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    params = write_params(dataset="musdb18", evaluate={**TINY["evaluate"], "protocol": "paper"}, baselines=[])
    found = steps(params)
    assert found["spectrograms"].disk > 10**9
    assert found["evaluate"].note == "3 x 50 tracks, 1 at a time, protocol paper"


def test_every_network_is_tried_and_its_time_is_that_of_the_trial_times_what_is_asked(
    write_params: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_second(work: Callable[[], object]) -> float:
        work()
        return 1.0

    monkeypatch.setattr(forecast, "_time", one_second)
    found = steps(write_params(film="complex", baselines=["unet", "simple-conv"], seeds=[0, 1]))
    seconds = {name: step.seconds for name, step in found.items()}
    epochs_and_batches = 2 * 3 * 3 / 2  # two seeds, two steps a second
    assert seconds == {
        "download": 0,
        "spectrograms": 5 * 6 / 20,  # songs, seconds; the trial has 20
        "train complex-dense-pairs": epochs_and_batches,
        "train unet": 4 * epochs_and_batches,
        "train simple-conv": epochs_and_batches,
        "evaluate": (3 * 2 + 2) * 2 * 6 / 20,  # three architectures, twice, and two bounds on two songs
        "interpret": (3 + 4 + 2) * 1 * 6 / 20,  # steps of the path, instruments, and neither; one song
        "examples": 0,
    }
    assert found["train unet"].note.startswith("8 x")
    assert all(step.memory > 10**8 for name, step in found.items() if name not in ("download", "examples"))


@pytest.mark.parametrize(
    ("dataset", "source", "gigabytes"),
    [("musdb18", "download", 9.4), ("musdb18-hq", "download", 54.4), ("musdb18", "my.zip", 4.7)],
)
def test_published_sizes_count_before_anything_is_there(
    write_params: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dataset: str, source: str, gigabytes: float
) -> None:
    monkeypatch.chdir(tmp_path)
    params = write_params(dataset=dataset, musdb={"source": source, "checksum": None})
    extent = joined.extent(params.joined)
    assert (extent.download + extent.audio) / 1e9 == pytest.approx(gigabytes, abs=0.1)
    assert extent.tracks == {"train": 100, "test": 50}


def test_the_table_warns_where_the_disk_is_too_small(
    write_params: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    usage = shutil.disk_usage(".")._replace(free=10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    taken = [forecast.Step("download", disk=10**7), forecast.Step("train", memory=10**9, seconds=90)]
    monkeypatch.setattr(forecast, "forecast", lambda params, extent: taken)
    forecast.show(write_params(baselines=[]))
    text = capsys.readouterr().out
    assert text.startswith("synthetic: 3 + 2 tracks")
    assert re.search(r"^all +10.0 MB +1.0 GB +1.5 min", text, re.MULTILINE)
    assert re.search(r"^warning: \d.* of disk space are missing", text, re.MULTILINE)


@pytest.mark.parametrize(("seconds", "words"), [(5, "5.0 s"), (90, "1.5 min"), (5400, "1.5 h"), (129600, "1.5 days")])
def test_durations_are_in_words(seconds: float, words: str) -> None:
    assert forecast.duration(seconds) == words


def test_validation_tracks_that_leave_none_to_train_on_are_refused_before_the_trials(write_params: Write) -> None:
    params = write_params(validation={"tracks": TINY["synthetic"]["train"], "seed": 0})
    with pytest.raises(UserError, match=r"validation\.tracks: (\d+) of \1 training tracks leaves none"):
        forecast.show(params)
