"""Several data sets as one."""

from pathlib import Path

import numpy as np
import pytest

from cunet import cluster
from cunet.datasets import joined
from cunet.datasets.folder import FOLDER, Folder
from cunet.datasets.synthetic import SYNTHETIC, Synthetic
from cunet.errors import UserError
from cunet.settings.base import Subset
from cunet.settings.cluster import Dask
from cunet.tracks.folder import tracks
from tests.tracks.conftest import write


def of(root: Path, test: int = 0) -> joined.Joined:
    """One composed song to train on, and the user's own tracks."""
    return {
        "synthetic": Synthetic(train=1, test=test, seconds=2, seed=0),
        "folder": Folder(root=root),
    }


def prepare(data: joined.Joined, merged: dict[str, str], out: Path, subset: Subset = "train") -> Path:
    out.mkdir(exist_ok=True)
    with cluster.connect(Dask(scheduler=None, workers=1), processes=False) as client:
        joined.prepare(data, merged, subset, out, client)
    return out


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A user's tracks, without a bass."""
    for subset, value in (("train", 0.1), ("test", 0.2)):
        for name in ("drums", "other", "vocals"):
            write(tmp_path / "songs" / subset / f"{subset} song" / f"{name}.wav", value=value)
    return tmp_path / "songs"


def test_tracks_of_all_stand_side_by_side_with_merged_instruments(root: Path, tmp_path: Path) -> None:
    alone = {"synthetic": of(root)["synthetic"]}
    (whole,) = tracks(prepare(alone, {}, tmp_path / "alone"))
    composed, mine = tracks(prepare(of(root), {"bass": "other"}, tmp_path / "joined"))
    assert (mine.name, composed.name) == ("train song", whole.name)
    assert mine.instruments == composed.instruments == ("drums", "other", "vocals")
    bass, other = (whole.read(name)[0] for name in ("bass", "other"))
    np.testing.assert_allclose(composed.read("other")[0], bass + other, atol=1e-6)
    for name in ("mixture", "drums", "vocals"):
        assert composed.files[name].read_bytes() == whole.files[name].read_bytes()
    again = prepare(of(root), {"bass": "other"}, tmp_path / "again")
    for path in (tmp_path / "joined").rglob("*.wav"):
        assert path.read_bytes() == (again / path.relative_to(tmp_path / "joined")).read_bytes()


def test_a_subset_may_come_from_one_data_set_alone(root: Path, tmp_path: Path) -> None:
    found = tracks(prepare(of(root), {"bass": "other"}, tmp_path / "test", "test"))
    assert [track.name for track in found] == ["test song"]


def test_instruments_of_one_data_set_may_be_merged(root: Path, tmp_path: Path) -> None:
    alone = {"folder": of(root)["folder"]}
    (track,) = tracks(prepare(alone, {"drums": "backing", "other": "backing"}, tmp_path / "out"))
    assert track.instruments == ("backing", "vocals")


def test_an_interrupted_join_goes_on(root: Path, tmp_path: Path) -> None:
    out = prepare(of(root), {"bass": "other"}, tmp_path / "out")
    expected = {path: path.read_bytes() for path in out.rglob("*.wav")}
    kept = out / "train song"
    time = (kept / "drums.wav").stat().st_mtime_ns
    for path in (out / "Synthetic - Train 001").iterdir():
        path.unlink()
    (out / "Synthetic - Train 001").rmdir()
    prepare(of(root), {"bass": "other"}, out)
    assert {path: path.read_bytes() for path in out.rglob("*.wav")} == expected
    assert (kept / "drums.wav").stat().st_mtime_ns == time


@pytest.mark.parametrize(
    ("merged", "words"),
    [
        ({}, "synthetic has bass, drums, other, vocals; folder has drums, other, vocals. Merge"),
        ({"bass": "mixture"}, "merge: 'mixture' cannot be the name of an instrument"),
        ({"bass": "all"}, "merge: 'all' cannot be the name of an instrument"),
        ({"bass": "x", "drums": "x", "other": "x", "vocals": "x"}, "merge leaves one instrument in synthetic"),
        ({"piano": "other"}, "merge: no training track has piano; they have bass, drums, other, vocals"),
    ],
)
def test_instruments_that_do_not_go_together_are_refused(
    root: Path, tmp_path: Path, merged: dict[str, str], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        prepare(of(root), merged, tmp_path / "out")


def test_tracks_of_the_same_name_are_refused(root: Path, tmp_path: Path) -> None:
    (root / "train" / "train song").rename(root / "train" / "synthetic - train 001")
    with pytest.raises(UserError, match="only in case"):
        prepare(of(root), {"bass": "other"}, tmp_path / "out")


def test_no_tracks_at_all_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="synthetic: no test tracks"):
        prepare({"synthetic": of(tmp_path)["synthetic"]}, {}, tmp_path / "out", "test")


def test_the_extent_is_that_of_all(root: Path) -> None:
    found = joined.extent(of(root, test=2))
    own, composed = FOLDER.extent(Folder(root=root)), SYNTHETIC.extent(of(root, test=2)["synthetic"])
    assert found.tracks == {"train": 2, "test": 3}
    assert found.seconds == {name: own.seconds[name] + composed.seconds[name] for name in ("train", "test")}
    assert (found.sources, found.audio) == (4, own.audio + composed.audio)
