"""A user's own multitracks."""

import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cunet import cluster
from cunet.datasets import folder
from cunet.errors import UserError
from cunet.settings.base import SUBSETS, Subset
from cunet.settings.cluster import Dask
from cunet.tracks.folder import tracks
from cunet.tracks.track import FileTrack
from tests.conftest import write_song
from tests.sounds import cut, pipe
from tests.tracks.conftest import RATE, write


def copied(root: Path, out: Path, subset: Subset = "train") -> Path:
    """A subset of a data set, as the download stage copies it."""
    out.mkdir(exist_ok=True)
    with cluster.connect(Dask(scheduler=None, workers=1), processes=False) as client:
        folder.prepare(folder.Folder(root=root), subset, out, client)
    return out


def test_names_are_composed_and_what_systems_leave_is_left_out(tmp_path: Path) -> None:
    subset = tmp_path / "songs" / "train"
    track = subset / unicodedata.normalize("NFD", "Été #1 $5 % | <b>")
    for instrument in ("chœur né", "basse"):
        write(track / (unicodedata.normalize("NFD", instrument) + ".wav"))
    for place in ("@eaDir/x/a.wav", "__MACOSX/x/a.wav", ".Trash-1000/a.wav", "lost+found/a.wav", "$RECYCLE.BIN/a.wav"):
        write(subset / place)
        write(track / place)
    for name in ("._basse.wav", "Thumbs.db", "desktop.ini"):
        (track / name).write_bytes(b"no audio")
        (subset / name).write_bytes(b"no audio")
    out = copied(tmp_path / "songs", tmp_path / "out")
    names = [path.relative_to(out).as_posix() for path in sorted(out.rglob("*.wav"))]
    assert names == [f"Été #1 $5 % | <b>/{name}.wav" for name in ("basse", "chœur né")]
    assert tracks(out)[0].instruments == ("basse", "chœur né")


def same_name(root: Path) -> list[str]:
    write(root / "train" / "One" / "a.wav", value=0.1)
    write(root / "test" / "one" / "a.wav", value=0.2)
    return ["train/One", "test/one"]


def same_sound(root: Path) -> list[str]:
    write(root / "train" / "x" / "a.wav", value=0.3)
    write(root / "test" / "y" / "a.wav", value=0.3)
    return ["train/x/a.wav", "test/y/a.wav"]


@pytest.mark.parametrize("make", [same_name, same_sound])
def test_a_track_to_train_on_and_to_test_on_is_refused(tmp_path: Path, make: Callable[[Path], list[str]]) -> None:
    both = make(tmp_path / "songs")
    for place in (tmp_path / "songs").glob("*/*"):
        write(place / "silent.wav", value=0.0)
    for subset in SUBSETS:
        with pytest.raises(UserError, match="the same") as error:
            copied(tmp_path / "songs", tmp_path / "out", subset)
        assert all(str(tmp_path / "songs" / name) in str(error.value) for name in both)


def test_silence_and_the_same_length_are_no_same_track(tmp_path: Path) -> None:
    for subset, value in (("train", 0.1), ("test", 0.2)):
        write(tmp_path / subset / subset / "a.wav", value=value)
        write(tmp_path / subset / subset / "silent.wav", value=0.0)
    folder.check_split(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"this is no audio", "cannot be decoded"),
        (b"", "is empty"),
        (None, "no samples"),
        (np.nan, "NaN or infinite"),
        (2 / 3, "ends after 2.7 s of the 4.0 s that its header declares"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, content: bytes | float | None, words: str) -> None:
    write_song(tmp_path / "songs" / "train" / "a")
    bad = tmp_path / "songs" / "train" / "a" / "tone.wav"
    if isinstance(content, bytes):
        bad.write_bytes(content)
    elif content == 2 / 3:
        cut(bad)
    else:
        samples = np.zeros(0) if content is None else np.full(100, content)
        soundfile.write(bad, samples, RATE, subtype="FLOAT")
    with pytest.raises(UserError, match=words) as error:
        copied(tmp_path / "songs", tmp_path / "out")
    assert str(bad) in str(error.value)
    assert not list((tmp_path / "out").iterdir())


def test_a_stem_that_does_not_know_its_length_is_a_stem(tmp_path: Path) -> None:
    for seed, subset in enumerate(SUBSETS):
        write_song(tmp_path / subset / f"{subset} song", seed=seed)
    whole = tmp_path / "train" / "train song" / "tone.wav"
    expected = FileTrack("x", {"tone": whole}).read("tone")
    pipe(whole, "flac", whole.with_suffix(".flac"))
    whole.unlink()
    (track,) = tracks(tmp_path / "train")
    np.testing.assert_array_equal(track.read("tone")[0], expected[0])
    assert folder.extent(folder.Folder(root=tmp_path)).seconds == {"train": 4, "test": 4}


@pytest.mark.parametrize("root", ["missing", "file"])
def test_a_root_that_is_no_folder_is_told_before_anything_else(tmp_path: Path, root: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="no such folder; expected <track>"):
        folder.origin(folder.Folder(root=tmp_path / root), "train")
