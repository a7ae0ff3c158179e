"""Tracks that are folders: which are read, and which are refused."""

import os
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from cunet.errors import UserError
from cunet.tracks.folder import tracks
from tests.conftest import write_song
from tests.tracks.conftest import write

FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")


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


def same_but_for_its_form(root: Path) -> None:
    for form in FORMS:
        write(root / unicodedata.normalize(form, "né") / "a.wav")


def long_instrument(root: Path) -> None:
    write(root / "a" / f"{'n' * 201}.wav")


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
        (same_instrument_twice, ["voice.wav", "voice.flac", "Keep one"]),
        *(
            (instrument_called(name), [name, "Rename"])
            for name in ("mean", "mean of 2 instruments", "requested mix", "estimate", " drums", "drums ", "a.b")
        ),
        (name_that_mlflow_refuses, ["kick+snare", "Rename"]),
        (unread_format, ["drums.mp3", "Convert"]),
        (not_utf8, [r"caf\xe9", "not UTF-8", "Rename"]),
        (long_instrument, ["nnn", "at most 200 bytes"]),
        (same_but_for_its_form, ["né", "Rename"]),
        (same_instrument_in_two_forms, ["né.wav", "Keep one"]),
        (linked_track, ["songs/a", "link to a folder", "DVC"]),
        (dangling_track, ["songs/a", "broken link"]),
        (dangling_stem, ["a/b.wav", "broken link"]),
        (two_mixtures, ["Mix.wav", "mixture.flac", "Keep one"]),
        *(
            (sum_of_all(name), [f"{name}.wav", "would count twice", "Rename it to mixture"])
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
