"""Names of songs, tracks and instruments."""

import os
import unicodedata

import pytest

from cunet.names import is_control, is_scattered, normalise, readable


def test_a_name_is_composed_whatever_wrote_it() -> None:
    decomposed = unicodedata.normalize("NFD", "Été né")
    assert decomposed != "Été né"
    assert normalise(decomposed) == normalise("Été né") == "Été né"


@pytest.mark.parametrize(
    "name", [".hidden", "._song.wav", "Thumbs.db", "@eaDir", "__MACOSX", "$RECYCLE.BIN", "Lost+Found"]
)
def test_what_systems_leave_in_folders_is_scattered(name: str) -> None:
    assert is_scattered(name)


@pytest.mark.parametrize("name", ["...And Justice for All", "..Baby One More Time", "song.wav", "@home", "Thumbs"])
def test_a_song_is_not_scattered_whatever_its_title(name: str) -> None:
    assert not is_scattered(name)


def test_a_name_is_shown_on_one_line_with_bytes_that_are_not_utf8_as_numbers() -> None:
    assert readable(os.fsdecode(b"caf\xe9")) == r"caf\xe9"
    assert readable("two\nlines\u2028and\x1b[31m") == r"two\nlines\u2028and\x1b[31m"
    assert readable("曲 né %s") == "曲 né %s"


def test_line_breaks_of_any_kind_are_control_characters() -> None:
    assert all(map(is_control, "\n\r\t\x00\x7f\u2028\u2029"))
    assert not any(map(is_control, " é曲|"))
