"""A user's own multitracks."""

import os
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import soundfile

from cunet import cluster
from cunet.datasets import folder
from cunet.errors import UserError
from cunet.files import identity
from cunet.preprocess.writing import read_mono
from cunet.settings.base import SUBSETS, Subset
from cunet.settings.cluster import Dask
from cunet.tracks.folder import tracks
from cunet.tracks.track import FileTrack
from tests.conftest import write_song
from tests.test_audio import cut, pipe

RATE = 8000
FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")


def write(path: Path, seconds: float = 1.0, channels: int = 1, value: float = 0.1, rate: int = RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(os.fsencode(path), np.full((round(seconds * rate), channels), value), rate)


def copied(root: Path, out: Path, subset: Subset = "train") -> Path:
    """A subset of a data set, as the download stage copies it."""
    out.mkdir(exist_ok=True)
    with cluster.connect(Dask(scheduler=None, workers=1), processes=False) as client:
        folder.prepare(folder.Folder(root=root), subset, out, client)
    return out


def test_any_instruments_formats_channels_and_rates_are_read(tmp_path: Path) -> None:
    write(tmp_path / "a" / "sitar.wav", channels=1)
    write(tmp_path / "a" / "tabla left.FLAC", channels=2, rate=48000)
    write(tmp_path / "a" / "voice.ogg", rate=22050)
    write(tmp_path / "a" / "mixture.wav", value=0.5)
    (tmp_path / "a" / "notes.txt").write_text("not audio")
    (tmp_path / ".hidden").mkdir()
    (track,) = tracks(tmp_path)
    assert track.instruments == ("sitar", "tabla left", "voice")
    audio, rate = track.read("tabla left")
    assert (audio.shape, rate) == ((48000, 2), 48000)
    np.testing.assert_allclose(track.read("mixture")[0], 0.5, atol=1e-4)


def test_the_mixture_is_the_sum_where_it_is_absent(tmp_path: Path) -> None:
    write(tmp_path / "a" / "mono.wav", seconds=1, channels=1, value=0.1)
    write(tmp_path / "a" / "stereo.wav", seconds=2, channels=2, value=0.2)
    (track,) = tracks(tmp_path)
    mixture, _ = track.read("mixture")
    assert mixture.shape == (2 * RATE, 2)
    np.testing.assert_allclose(mixture[:RATE], 0.3, atol=1e-4)
    np.testing.assert_allclose(mixture[RATE:], 0.2, atol=1e-4)


@pytest.mark.parametrize("name", ["Mixture", "mix", "MIX"])
def test_the_mixture_may_be_called_mix_whatever_its_capitals(tmp_path: Path, name: str) -> None:
    for source, value in (("a", 0.1), ("b", 0.2), (name, 0.5)):
        write(tmp_path / "x" / f"{source}.wav", value=value)
    (track,) = tracks(tmp_path)
    assert track.instruments == ("a", "b")
    np.testing.assert_allclose(track.read("mixture")[0], 0.5, atol=1e-4)


@pytest.mark.parametrize("name", ["accompaniment", "backing", "rest of the mixture", "no_vocals", "instrumental"])
def test_a_track_of_two_may_have_vocals_and_all_others(tmp_path: Path, name: str) -> None:
    write(tmp_path / "x" / "vocals.wav")
    write(tmp_path / "x" / f"{name}.wav")
    assert tracks(tmp_path)[0].instruments == tuple(sorted(("vocals", name)))


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


def instrument_called(name: str) -> Callable[[Path], None]:
    def make(root: Path) -> None:
        write(root / "a" / f"{name}.wav")
        write(root / "a" / "voice.wav")

    return make


def not_utf8(root: Path) -> None:
    write(root / os.fsdecode(b"caf\xe9") / "a.wav")


def too_long(root: Path) -> None:
    write(root / ("é" * 101) / "a.wav")


def long_instrument(root: Path) -> None:
    write(root / "a" / f"{'n' * 201}.wav")


def unfinished(root: Path) -> None:
    write(root / "x.part" / "a.wav")


def two_lines(root: Path) -> None:
    write(root / "x\ny" / "a.wav")


def same_but_for_capitals(root: Path) -> None:
    write(root / "One" / "a.wav")
    write(root / "one" / "a.wav")


def same_but_for_its_form(root: Path) -> None:
    for form in FORMS:
        write(root / unicodedata.normalize(form, "né") / "a.wav")


def same_instrument_in_two_forms(root: Path) -> None:
    for form in FORMS:
        write(root / "a" / (unicodedata.normalize(form, "né") + ".wav"))


def linked_track(root: Path) -> None:
    write(root.parent / "elsewhere" / "a.wav")
    (root / "a").symlink_to(root.parent / "elsewhere", target_is_directory=True)


def dangling_track(root: Path) -> None:
    (root / "a").symlink_to("nowhere")


def dangling_stem(root: Path) -> None:
    write(root / "a" / "a.wav")
    (root / "a" / "b.wav").symlink_to("nowhere")


def two_mixtures(root: Path) -> None:
    write(root / "a" / "Mix.wav")
    write(root / "a" / "mixture.flac")


def sum_of_all(name: str) -> Callable[[Path], None]:
    def make(root: Path) -> None:
        for instrument in ("drums", "vocals", name):
            write(root / "a" / f"{instrument}.wav")

    return make


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
        *(
            (instrument_called(name), [name, "rename"])
            for name in ("mean", "mean of 2 instruments", "what was asked for", "estimate", " drums", "drums ", "a.b")
        ),
        (name_that_mlflow_refuses, ["kick+snare", "rename"]),
        (unread_format, ["drums.mp3", "convert"]),
        (not_utf8, [r"caf\xe9", "not UTF-8", "rename"]),
        (too_long, ["202 bytes", "200", "rename"]),
        (long_instrument, ["nnn", "at most 200 bytes"]),
        (unfinished, ["x.part", "rename"]),
        (two_lines, [r"x\ny", "line break", "rename"]),
        (same_but_for_capitals, ["One", "one", "rename"]),
        (same_but_for_its_form, ["né", "rename"]),
        (same_instrument_in_two_forms, ["né.wav", "keep one"]),
        (linked_track, ["songs/a", "link to a folder", "DVC"]),
        (dangling_track, ["songs/a", "leads nowhere"]),
        (dangling_stem, ["a/b.wav", "leads nowhere"]),
        (two_mixtures, ["Mix.wav", "mixture.flac", "keep one"]),
        *(
            (sum_of_all(name), [f"{name}.wav", "would count twice", "call it mixture"])
            for name in ("A-ha_Song_MIX", "linear_mixture", "Master", "accompaniment", "Backing_Track", "no vocals")
        ),
    ],
)
def test_a_folder_that_cannot_be_used_is_explained(
    tmp_path: Path, make: Callable[[Path], None], words: list[str]
) -> None:
    root = tmp_path / "songs"
    root.mkdir()
    make(root)
    with pytest.raises(UserError) as error:
        tracks(root)
    assert "\n" not in str(error.value)
    for word in [str(root), *words]:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"this is no audio", "not audio that can be read"),
        (b"", "is empty"),
        (None, "no samples"),
        (np.nan, "not finite"),
        (2 / 3, "ends after 2.7 s of the 4.0 s that its header promises"),
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


def test_a_stem_of_an_awkward_rate_is_named_before_it_takes_memory(tmp_path: Path) -> None:
    write(tmp_path / "tone.wav", seconds=0.01, rate=999_983)
    with pytest.raises(UserError, match="my song: tone has a sample rate of 999983 Hz"):
        read_mono(FileTrack("my song", {"tone": tmp_path / "tone.wav"}), "tone", 8192)


def test_sources_of_different_rates_need_a_mixture(tmp_path: Path) -> None:
    write(tmp_path / "a.wav")
    write(tmp_path / "b.wav", rate=16000)
    track = FileTrack("x", {"a": tmp_path / "a.wav", "b": tmp_path / "b.wav"})
    with pytest.raises(UserError, match="8000, 16000 Hz"):
        track.read("mixture")


def test_a_name_that_is_not_utf8_has_an_identity(tmp_path: Path) -> None:
    """`download` asks for it before it looks at the names."""
    (tmp_path / os.fsdecode(b"caf\xe9")).touch()
    before = identity("download", inputs=[tmp_path])
    (tmp_path / os.fsdecode(b"caf\xe9")).write_text("y")
    assert identity("download", inputs=[tmp_path]) != before


@pytest.mark.parametrize("root", ["missing", "file"])
def test_a_root_that_is_no_folder_is_told_before_anything_else(tmp_path: Path, root: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="no such folder; expected <track>"):
        folder.origin(folder.Folder(root=tmp_path / root), "train")
