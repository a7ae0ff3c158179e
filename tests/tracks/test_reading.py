"""The tracks of a subset, in either layout."""

import shutil
from pathlib import Path

import pytest

from cunet.errors import UserError
from cunet.tracks.reading import read_tracks
from tests.conftest import write_song
from tests.datasets.musdb_trees import (
    NAMES,
    VALIDATION,
)
from tests.test_audio import cut


def test_a_wav_file_cut_off_is_named(wav_tree: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(wav_tree / "train" / VALIDATION, tmp_path / "train" / VALIDATION)
    cut(folder / "drums.wav")
    (track,) = read_tracks(tmp_path / "train")
    with pytest.raises(UserError, match=r"drums\.wav: ends after 1\.3 s of the 2\.0 s that its header promises"):
        track.read("drums")


def test_stem_files_and_folders_are_read_alike(stem_tree: Path, wav_tree: Path) -> None:
    as_stems, as_folders = (read_tracks(root / "test") for root in (stem_tree, wav_tree))
    for found in (as_stems, as_folders):
        assert [track.name for track in found] == sorted(NAMES["test"])
        assert {track.instruments for track in found} == {("bass", "drums", "other", "vocals")}
    assert {type(track).__name__ for track in as_stems} == {"StemTrack"}


def test_folders_may_have_any_instruments(tmp_path: Path) -> None:
    write_song(tmp_path / "train" / "a", seconds=0.1)
    (track,) = read_tracks(tmp_path / "train")
    assert track.instruments == ("clicks", "noise", "tone")
    with pytest.raises(UserError, match="no such folder"):
        read_tracks(tmp_path / "test")
