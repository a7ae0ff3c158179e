"""Which names tracks cannot have."""

import os
import unicodedata

import pytest

from cunet.errors import UserError
from cunet.tracks.checks import check_tracks

BOTH_FORMS = [unicodedata.normalize("NFC", "né"), unicodedata.normalize("NFD", "né")]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([os.fsdecode(b"caf\xe9")], [r"caf\xe9", "not UTF-8"]),
        (["é" * 101], ["202 bytes", "200"]),
        (["x.part"], ["x.part", "the name ends in"]),
        (["Cover.PNG"], ["Cover.PNG", "the name ends in"]),
        (["x\ny"], [r"x\ny", "line break"]),
        (["One", "two", "one"], ["songs/one: differs from One only in case"]),
        (BOTH_FORMS, ["differs from né only in case or in the Unicode form"]),
    ],
)
def test_a_name_that_no_file_can_have_is_refused_in_one_line(names: list[str], words: list[str]) -> None:
    with pytest.raises(UserError) as error:
        check_tracks("songs", names)
    assert "\n" not in str(error.value)
    for word in ["songs/", "Rename", *words]:
        assert word in str(error.value)


def test_a_name_is_measured_as_it_will_be_written() -> None:
    """Decomposed, it would have 300 bytes."""
    check_tracks(
        "songs", [unicodedata.normalize("NFD", "é" * 100), "...And Justice for All", "x.part 2", "曲 <b>|`#%?"]
    )
