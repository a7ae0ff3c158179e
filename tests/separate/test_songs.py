"""Songs in files: which are meant, and where their estimates go."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from cunet.errors import UserError
from cunet.separate.model import Model
from cunet.separate.songs import Song, find_songs, separate_song
from tests.separate.conftest import song

OUT = Path("separated")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def touch(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def places(*patterns: str) -> dict[str, str]:
    """The folder of every song below the folder of estimates."""
    found = find_songs(patterns, OUT)
    return {song.path.as_posix(): song.out.relative_to(OUT).as_posix() for song in found}


def test_a_file_a_folder_and_a_glob_name_songs_once() -> None:
    touch("a.wav", "album/b.MP3", "album/1/c.flac", "album/cover.jpg", "album/.hidden.wav")
    assert places("a.wav", "*.wav", "album") == {"a.wav": "a", "album/1/c.flac": "1/c", "album/b.MP3": "b"}
    assert places("**/*.flac") == {"album/1/c.flac": "c"}
    assert places("album/cover.jpg") == {"album/cover.jpg": "cover"}  # named, and so tried


def test_songs_that_differ_in_the_suffix_alone_have_it_in_their_folder() -> None:
    touch("x/a.wav", "x/a.flac", "x/b.wav")
    assert places("x") == {"x/a.flac": "a.flac", "x/a.wav": "a.wav", "x/b.wav": "b"}


def test_estimates_of_an_earlier_run_are_no_songs() -> None:
    touch("a.wav", "separated/a/tone.wav")
    assert places(".") == {"a.wav": "a"}


def test_a_name_with_the_signs_of_a_glob_is_a_name_where_there_is_such_a_file() -> None:
    touch("Song [live].wav", "Song l.wav")
    assert places("Song [live].wav") == {"Song [live].wav": "Song [live]"}
    Path("Song [live].wav").unlink()
    assert places("Song [live].wav") == {"Song l.wav": "Song l"}


@pytest.mark.parametrize(
    ("patterns", "reason"),
    [
        (["a/x.wav", "b/x.wav"], r"b/x\.wav: has the same folder for estimates as a/x\.wav \(separated/x\)"),
        (["*.mp3"], r"\*\.mp3: no file matches"),
        (["empty"], "empty: no audio file in this folder"),
        ([""], "a song has an empty name"),
        (["separated"], "estimates in the folder of the songs would count as songs"),
        (["...wav"], "would be outside separated"),
    ],
)
def test_what_names_no_song_is_said(patterns: list[str], reason: str) -> None:
    touch("a/x.wav", "b/x.wav", "empty/notes.txt", "separated/y.wav")
    with pytest.raises(UserError, match=reason):
        find_songs(patterns, OUT)


def test_estimates_have_the_rate_length_and_channels_of_the_song(model: Model) -> None:
    soundfile.write("a.wav", song(1.0, 22050), 22050)
    conditions = {"half": {"clicks": 0.0, "noise": 0.0, "tone": 0.5}}
    task = Song(Path("a.wav"), OUT / "a")
    assert separate_song(model, task, conditions, "flac", progress=False) == []
    assert [path.as_posix() for path in OUT.rglob("*.*")] == ["separated/a/half.flac"]
    found, rate = soundfile.read("separated/a/half.flac", dtype="float32")
    expected = model.separate(soundfile.read("a.wav", dtype="float32")[0], 22050, conditions["half"])
    assert rate == 22050
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_of_a_song_that_fails_nothing_is_left(model: Model) -> None:
    soundfile.write("bad.wav", np.full((8192, 2), np.nan), 8192, subtype="FLOAT")
    with pytest.raises(UserError, match=r"bad\.wav: contains NaN or infinite values"):
        separate_song(
            model, Song(Path("bad.wav"), OUT / "deep" / "bad"), model.single_conditions(), "wav", progress=False
        )
    assert [path.name for path in Path().iterdir()] == ["bad.wav"]
