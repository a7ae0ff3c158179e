"""A user's own multitracks."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cunet import cluster
from cunet.datasets import folder
from cunet.datasets.track import FileTrack
from cunet.errors import UserError
from cunet.params import Dask, Params
from tests.conftest import write_song

RATE = 8000


def write(path: Path, seconds: float = 1.0, channels: int = 1, value: float = 0.1, rate: int = RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.full((round(seconds * rate), channels), value), rate)


def test_any_instruments_formats_channels_and_rates_are_read(tmp_path: Path) -> None:
    write(tmp_path / "a" / "sitar.wav", channels=1)
    write(tmp_path / "a" / "tabla left.FLAC", channels=2, rate=48000)
    write(tmp_path / "a" / "voice.ogg", rate=22050)
    write(tmp_path / "a" / "mixture.wav", value=0.5)
    (tmp_path / "a" / "notes.txt").write_text("not audio")
    (tmp_path / ".hidden").mkdir()
    (track,) = folder.tracks(tmp_path)
    assert track.instruments == ("sitar", "tabla left", "voice")
    audio, rate = track.read("tabla left")
    assert (audio.shape, rate) == ((48000, 2), 48000)
    np.testing.assert_allclose(track.read("mixture")[0], 0.5, atol=1e-4)


def test_the_mixture_is_the_sum_where_it_is_absent(tmp_path: Path) -> None:
    write(tmp_path / "a" / "mono.wav", seconds=1, channels=1, value=0.1)
    write(tmp_path / "a" / "stereo.wav", seconds=2, channels=2, value=0.2)
    (track,) = folder.tracks(tmp_path)
    mixture, _ = track.read("mixture")
    assert mixture.shape == (2 * RATE, 2)
    np.testing.assert_allclose(mixture[:RATE], 0.3, atol=1e-4)
    np.testing.assert_allclose(mixture[RATE:], 0.2, atol=1e-4)


def no_folder(root: Path) -> None:
    root.rmdir()


def no_tracks(root: Path) -> None:
    (root / "loose.wav").write_bytes(b"")


def one_instrument(root: Path) -> None:
    write(root / "a" / "voice.wav")


def other_instruments(root: Path) -> None:
    write_song(root / "a")
    write(root / "b" / "tone.wav")
    write(root / "b" / "nois.wav")


def same_instrument_twice(root: Path) -> None:
    write(root / "a" / "voice.wav")
    write(root / "a" / "voice.flac")


def name_that_mlflow_refuses(root: Path) -> None:
    write(root / "a" / "kick+snare.wav")
    write(root / "a" / "b.wav")


def reserved_name(root: Path) -> None:
    write(root / "a" / "mean.wav")
    write(root / "a" / "voice.wav")


def unread_format(root: Path) -> None:
    write(root / "a" / "voice.wav")
    (root / "a" / "drums.mp3").write_bytes(b"x")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (no_folder, ["no such folder", "<track>/<instrument>.wav"]),
        (no_tracks, ["no tracks"]),
        (one_instrument, ["1 instrument", "voice", "two or more"]),
        (other_instruments, ["nois", "clicks, noise, tone"]),
        (same_instrument_twice, ["voice.wav", "voice.flac", "keep one"]),
        (reserved_name, ["mean", "rename"]),
        (name_that_mlflow_refuses, ["kick+snare", "rename"]),
        (unread_format, ["drums.mp3", "convert"]),
    ],
)
def test_a_folder_that_cannot_be_used_is_explained(
    tmp_path: Path, make: Callable[[Path], None], words: list[str]
) -> None:
    root = tmp_path / "songs"
    root.mkdir()
    make(root)
    with pytest.raises(UserError) as error:
        folder.tracks(root)
    for word in [str(root), *words]:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"this is no audio", "decoded"), (b"", "decoded"), (None, "no samples"), (np.nan, "not finite")],
)
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, params: Params, content: bytes | float | None, words: str
) -> None:
    write_song(tmp_path / "songs" / "train" / "a")
    bad = tmp_path / "songs" / "train" / "a" / "tone.wav"
    if isinstance(content, bytes):
        bad.write_bytes(content)
    else:
        samples = np.zeros(0) if content is None else np.full(100, content)
        soundfile.write(bad, samples, RATE, subtype="FLOAT")
    mine = params.model_copy(update={"folder": params.folder.model_copy(update={"root": tmp_path / "songs"})})
    out = tmp_path / "out"
    out.mkdir()
    with (
        cluster.connect(Dask(scheduler=None, workers=1)) as client,
        pytest.raises(UserError, match=words) as error,
    ):
        folder.prepare(mine, "train", out, client)
    assert str(bad) in str(error.value)


def test_sources_of_different_rates_need_a_mixture(tmp_path: Path) -> None:
    write(tmp_path / "a.wav")
    write(tmp_path / "b.wav", rate=16000)
    track = FileTrack("x", {"a": tmp_path / "a.wav", "b": tmp_path / "b.wav"})
    with pytest.raises(UserError, match="8000, 16000 Hz"):
        track.read("mixture")
