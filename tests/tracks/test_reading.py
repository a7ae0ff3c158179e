"""The tracks of a subset, in either layout."""

import shutil
from pathlib import Path

import pytest

from cunet.errors import UserError
from cunet.tracks.reading import read_tracks
from cunet.tracks.stems import StemTrack
from cunet.tracks.track import FileTrack
from tests.conftest import write_song
from tests.datasets.musdb_trees import (
    VALIDATION,
    stems,
    write_stem_file,
    write_wav_folder,
)
from tests.sounds import cut


def test_a_wav_file_cut_off_is_named(wav_tree: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(wav_tree / "train" / VALIDATION, tmp_path / "train" / VALIDATION)
    cut(folder / "drums.wav")
    (track,) = read_tracks(tmp_path / "train")
    with pytest.raises(UserError, match=r"drums\.wav: ends after 1\.3 s of the 2\.0 s that its header declares"):
        track.read("drums")


def test_stem_files_and_folders_are_read_alike(tmp_path: Path) -> None:
    for name in ("b", "a"):
        write_stem_file(tmp_path / "stems" / "test" / f"{name}.stem.mp4", stems(0, 0.5))
        write_wav_folder(tmp_path / "wav" / "test" / name, stems(0, 0.5))
    for layout, kind in (("stems", StemTrack), ("wav", FileTrack)):
        found = read_tracks(tmp_path / layout / "test")
        assert [track.name for track in found] == ["a", "b"]
        assert {track.instruments for track in found} == {("bass", "drums", "other", "vocals")}
        assert all(isinstance(track, kind) for track in found)


def test_folders_may_have_any_instruments(tmp_path: Path) -> None:
    write_song(tmp_path / "train" / "a", seconds=0.1)
    (track,) = read_tracks(tmp_path / "train")
    assert track.instruments == ("clicks", "noise", "tone")
    with pytest.raises(UserError, match="no such folder"):
        read_tracks(tmp_path / "test")
