"""The MUSDB18 family: from folders, archives and downloads, in the real formats."""

import hashlib
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from distributed import Client

from cunet import cluster
from cunet.datasets.musdb18 import Musdb
from cunet.errors import UserError
from cunet.params import Params
from cunet.preprocess.validation import validation_tracks
from cunet.registry.datasets import DATASETS
from cunet.settings.base import Subset
from cunet.settings.cluster import Dask
from cunet.tracks.reading import read_tracks
from tests.datasets.archive_server import serve
from tests.datasets.musdb_trees import (
    NAMES,
    VALIDATION,
    zip_tree,
)

Prepare = Callable[..., Path]


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    with cluster.connect(Dask(scheduler=None, workers=1)) as client:
        yield client


@pytest.fixture
def prepare(params: Params, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prepare:
    """Prepare a data set in an empty workspace; returns the folder of the subset."""
    monkeypatch.chdir(tmp_path)

    def prepare(dataset: str, source: Path | str, subset: Subset = "train", checksum: str | None = None) -> Path:
        settings = Musdb(source=str(source), checksum=checksum)
        out = tmp_path / "audio" / subset
        out.mkdir(parents=True, exist_ok=True)
        DATASETS[dataset].prepare(settings, subset, out, client)
        return out

    return prepare


def names_in(dataset: str, folder: Path) -> list[str]:
    return [track.name for track in read_tracks(folder)]


@pytest.mark.parametrize("subset", ["train", "test"])
@pytest.mark.parametrize("dataset", ["musdb18", "musdb18-7s", "musdb18-hq"])
def test_a_folder_and_an_archive_give_the_same_tracks(
    prepare: Prepare, stem_tree: Path, wav_tree: Path, tmp_path: Path, dataset: str, subset: Subset
) -> None:
    tree = wav_tree if dataset == "musdb18-hq" else stem_tree
    archive = zip_tree(tree, tmp_path / "some.zip", prefix="musdb18/")
    contents = []
    for source in (tree, archive):
        out = prepare(dataset, source, subset)
        assert names_in(dataset, out) == sorted(NAMES[subset])
        files = sorted(path for path in out.rglob("*") if path.is_file())
        contents.append([(path.relative_to(out), path.read_bytes()) for path in files])
        shutil.rmtree(out)
    assert contents[0] == contents[1]


def test_an_archive_is_downloaded_once_for_both_subsets(
    prepare: Prepare, wav_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = SimpleNamespace(free=10**12)  # as the published archive needs
    monkeypatch.setattr(shutil, "disk_usage", lambda _: room)
    archive = zip_tree(wav_tree, tmp_path / "hq.zip")
    md5 = f"md5:{hashlib.md5(archive.read_bytes()).hexdigest()}"
    with serve(archive.read_bytes()) as server:
        for subset in ("train", "test"):
            assert names_in("musdb18-hq", prepare("musdb18-hq", f"{server.address}/hq.zip", subset, md5)) == sorted(
                NAMES[subset]
            )
        assert len(server.requests) == 1


def test_the_full_set_is_a_hundred_training_and_fifty_other_test_tracks(
    prepare: Prepare, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"train": [*validation_tracks("musdb18"), *(f"Train {n} - Song" for n in range(86))]}
    names["test"] = [f"Test {n} - Song" for n in range(50)]
    with zipfile.ZipFile(tmp_path / "musdb18.zip", "w") as file:
        for subset, members in names.items():
            for name in members:
                file.writestr(f"{subset}/{name}.stem.mp4", b"")
    found = {
        subset: {path.name for path in prepare("musdb18", tmp_path / "musdb18.zip", subset).iterdir()}
        for subset in ("train", "test")
    }
    assert {subset: len(files) for subset, files in found.items()} == {"train": 100, "test": 50}
    assert not found["train"] & found["test"]
    assert "not comparable" not in capsys.readouterr().out
    with zipfile.ZipFile(tmp_path / "musdb18.zip", "a") as file:
        file.writestr(f"test/{VALIDATION}.stem.mp4", b"")
    with pytest.raises(UserError, match=f"tracks in both train and test: {VALIDATION}"):
        prepare("musdb18", tmp_path / "musdb18.zip", "test")


def test_what_an_interrupted_run_left_is_not_copied_again(prepare: Prepare, stem_tree: Path, tmp_path: Path) -> None:
    left = tmp_path / "audio" / "train" / f"{VALIDATION}.stem.mp4"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"left by the last run")
    (left.parent / f"{NAMES['train'][1]}.stem.mp4.part").write_bytes(b"half")
    out = prepare("musdb18", stem_tree)
    assert left.read_bytes() == b"left by the last run"
    assert len(list(out.iterdir())) == 3


def test_fewer_tracks_than_published_are_said(
    prepare: Prepare, stem_tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare("musdb18", stem_tree)
    assert "3 train tracks, but musdb18 has 100" in capsys.readouterr().out


def no_such_source(source: Path) -> None:
    pass


def an_empty_folder(source: Path) -> None:
    source.mkdir()


def no_archive(source: Path) -> None:
    source.write_bytes(b"PK\x03\x04 and then nothing of the kind")


def another_layout(source: Path) -> None:
    (source / "train" / "A - B").mkdir(parents=True)
    (source / "train" / "A - B" / "mixture.wav").write_bytes(b"")


def a_damaged_member(source: Path) -> None:
    with zipfile.ZipFile(source, "w") as file:
        file.writestr("train/A - B.stem.mp4", bytes(100_000))
        file.writestr("test/C - D.stem.mp4", b"")
    content = bytearray(source.read_bytes())
    content[5000] ^= 1
    source.write_bytes(content)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (no_such_source, ["does not exist", "train/ and test/"]),
        (an_empty_folder, ["has no train/<track>.stem.mp4", "musdb18-hq has WAV"]),
        (no_archive, ["not an intact .zip"]),
        (another_layout, ["has no train/<track>.stem.mp4"]),
        (a_damaged_member, ["A - B.stem.mp4 cannot be unpacked", "again"]),
    ],
)
def test_a_source_that_cannot_be_used_is_explained(
    prepare: Prepare, tmp_path: Path, make: Callable[[Path], None], words: list[str]
) -> None:
    make(tmp_path / "source")
    with pytest.raises(UserError) as error:
        prepare("musdb18", tmp_path / "source")
    for word in ["source", *words]:
        assert word in str(error.value)
    assert not list((tmp_path / "audio" / "train").glob("*.mp4"))


def test_a_track_that_lacks_a_wav_is_named(prepare: Prepare, wav_tree: Path, tmp_path: Path) -> None:
    tree = shutil.copytree(wav_tree, tmp_path / "tree")
    (tree / "train" / VALIDATION / "bass.wav").unlink()
    with pytest.raises(UserError, match=f"train/{VALIDATION} is missing, duplicated or incomplete"):
        prepare("musdb18-hq", tree)


def test_names_follow_the_rules_of_every_data_set(prepare: Prepare, wav_tree: Path, tmp_path: Path) -> None:
    tree = shutil.copytree(wav_tree, tmp_path / "tree")
    for left in ("@eaDir", "__MACOSX", "._A - B"):
        shutil.copytree(tree / "train" / VALIDATION, tree / "train" / left)
    out = prepare("musdb18-hq", tree)
    assert sorted(path.name for path in out.iterdir()) == sorted(names_in("musdb18-hq", wav_tree / "train"))
    (tree / "train" / VALIDATION).rename(tree / "train" / "x.part")
    with pytest.raises(UserError, match=r"train/x\.part: the name ends in \.part"):
        prepare("musdb18-hq", tree)


def test_another_archive_than_the_checksum_says_is_refused(prepare: Prepare, stem_tree: Path, tmp_path: Path) -> None:
    archive = zip_tree(stem_tree, tmp_path / "musdb18.zip")
    with pytest.raises(UserError, match="checksum"):
        prepare("musdb18", archive, checksum=f"md5:{'0' * 32}")
    assert archive.exists()  # it is the user's
