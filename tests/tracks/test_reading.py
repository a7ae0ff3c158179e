"""The tracks of a subset, in either layout."""

import shutil
from pathlib import Path

import pytest

from cunet.errors import UserError
from cunet.tracks.reading import read_tracks
from tests.datasets.musdb_trees import (
    VALIDATION,
)
from tests.test_audio import cut


def test_a_wav_file_cut_off_is_named(wav_tree: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(wav_tree / "train" / VALIDATION, tmp_path / "train" / VALIDATION)
    cut(folder / "drums.wav")
    (track,) = read_tracks(tmp_path / "train")
    with pytest.raises(UserError, match=r"drums\.wav: ends after 1\.3 s of the 2\.0 s that its header promises"):
        track.read("drums")
