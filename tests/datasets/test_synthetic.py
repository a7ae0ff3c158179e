"""Songs composed from a seed."""

import hashlib
import subprocess
import sys
from pathlib import Path

import musdb
import numpy as np
import pytest
import soundfile

from cunet.datasets import synthetic
from cunet.datasets.synthetic import Synthetic, compose_song, plan_songs

STEMS = ["bass", "drums", "other", "vocals"]
SECONDS = 4.0


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic") / "train" / "Synthetic - Train 001"
    compose_song(folder, (0, 0, 1), SECONDS)
    return folder


def read(song: Path, name: str) -> np.ndarray:
    audio, rate = soundfile.read(song / f"{name}.wav", dtype="int16", always_2d=True)
    assert rate == 44100
    return np.asarray(audio, dtype=np.int32)


def digest(song: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(song.iterdir()))).hexdigest()


def test_the_mixture_is_exactly_the_sum_of_four_audible_stems(song: Path) -> None:
    stems = [read(song, name) for name in STEMS]
    mixture = read(song, "mixture")
    assert mixture.shape == (round(SECONDS * 44100), 2)
    np.testing.assert_array_equal(mixture, sum(stems))
    assert 0.8 < np.abs(mixture).max() / 32768 < 1
    levels = [20 * np.log10(np.sqrt(np.mean((stem / 32768) ** 2))) for stem in stems]
    assert max(levels) - min(levels) < 20
    assert min(levels) > -50


def test_the_same_seed_gives_the_same_bytes_in_another_process(song: Path, tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from cunet.datasets.synthetic import compose_song; "
        f"compose_song(Path({str(tmp_path / 'again')!r}), (0, 0, 1), {SECONDS})"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert digest(tmp_path / "again") == digest(song)


def test_another_seed_gives_another_song(song: Path, tmp_path: Path) -> None:
    compose_song(tmp_path / "other", (0, 0, 2), SECONDS)
    assert digest(tmp_path / "other") != digest(song)


def test_songs_do_not_depend_on_how_many_there_are() -> None:
    few, many = (Synthetic(train=3, test=count, seconds=40, seed=0) for count in (8, 10))
    assert plan_songs(few, "test").items() <= plan_songs(many, "test").items()
    assert not set(plan_songs(few, "test").values()) & set(plan_songs(few, "train").values())


def test_musdb_reads_what_was_written(song: Path) -> None:
    (track,) = musdb.DB(root=str(song.parent.parent), is_wav=True, subsets=[song.parent.name])
    assert track.name == "Synthetic - Train 001"
    assert sorted(track.sources) == STEMS
    assert track.rate == 44100
    for name, source in {**track.sources, "mixture": track}.items():
        np.testing.assert_allclose(source.audio, read(song, name) / 32768, atol=1e-6)


def test_a_song_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthetic, "RATE", "not a rate")  # soundfile refuses it, after the render
    with pytest.raises(TypeError):
        compose_song(tmp_path / "song", (0, 0, 1), SECONDS)
    assert not list(tmp_path.iterdir())


def test_the_shortest_song_has_every_stem(tmp_path: Path) -> None:
    compose_song(tmp_path / "short", (0, 1, 1), 2)
    for name in STEMS:
        assert read(tmp_path / "short", name).any()
