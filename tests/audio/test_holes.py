"""Blocks of a disk that were not written."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from cunet.audio.holes import find_hole
from cunet.audio.reading import open_audio, read_audio, read_duration
from tests.sounds import RATE, noise, refused_as_a_stem


def test_an_unwritten_block_is_found(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, np.full((RATE, 2), 0.5), RATE)
    with soundfile.SoundFile(path) as file:
        assert find_hole(file, path) is None
    content = path.read_bytes()
    path.write_bytes(content[:8192] + bytes(4096) + content[12288:])
    with soundfile.SoundFile(path) as file:
        assert find_hole(file, path) == pytest.approx(((8192 - 44) / 4 / RATE, (12288 - 44) / 4 / RATE))


@pytest.mark.parametrize("piece", [4096, 8192, 2**22])
def test_a_hole_is_found_wherever_the_file_is_divided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr("cunet.audio.holes.PIECE", piece)
    path = tmp_path / "song.wav"
    soundfile.write(path, np.full((RATE, 2), 0.5), RATE)
    content = path.read_bytes()
    for first, stop in ((4, 9), (5, 6), (8, 12), (40, 100)):
        path.write_bytes(
            content[: first * 4096] + bytes(len(content))[first * 4096 : stop * 4096] + content[stop * 4096 :]
        )
        with soundfile.SoundFile(path) as file:
            found = find_hole(file, path)
            end = min(stop * 4096, len(content))
            assert found == pytest.approx(((first * 4096 - 44) / 4 / RATE, (end - 44) / 4 / RATE), abs=1 / RATE)
            assert find_hole(file, path, first * 1024 - 100) is None


def padded(path: Path) -> Path:
    """A header that a chunk fills up to a whole block, as some programs on macOS write it."""
    content = path.read_bytes()
    path.write_bytes(content[:36] + b"FLLR" + (4096 - 52).to_bytes(4, "little") + bytes(4096 - 52) + content[36:])
    return path


def test_of_a_header_that_fills_blocks_only_a_missing_end_is_a_hole(tmp_path: Path) -> None:
    sound = np.full((RATE, 2), 0.5)
    sound[8192:16384] = 0
    soundfile.write(tmp_path / "song.wav", sound, RATE)
    assert len(read_audio(padded(tmp_path / "song.wav"))[0]) == RATE
    sound[32768:] = 0
    soundfile.write(tmp_path / "song.wav", sound, RATE)
    refused_as_a_stem(padded(tmp_path / "song.wav"), "is silent from 0.7 to 1.0 s in whole disk blocks, like an incom")


def test_a_hole_comes_with_advice(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", np.full((RATE, 2), 0.5), RATE)
    content = (tmp_path / "song.wav").read_bytes()
    (tmp_path / "song.wav").write_bytes(content[:40960] + bytes(len(content) - 40960))
    refused_as_a_stem(
        tmp_path / "song.wav",
        r"like an incomplete copy\. Replace the file, or convert it to FLAC if the silence is intended\.$",
    )


def test_a_duration_is_told_without_a_search_and_the_search_ends_at_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = []

    def found(file: soundfile.SoundFile, path: Path, samples: int | None = None) -> None:
        searched.append(samples)

    monkeypatch.setattr("cunet.audio.libsndfile.find_hole", found)
    soundfile.write(tmp_path / "song.wav", noise(5), RATE)
    read_duration(tmp_path / "song.wav")
    assert searched == []
    with open_audio(tmp_path / "song.wav", longest=2):
        assert searched == [3 * RATE]


def test_silence_of_a_song_is_no_hole(tmp_path: Path) -> None:
    """Silence that begins at any sample, in the middle and at the end, fades, and songs that begin silent."""
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(300):
        sound = rng.uniform(-0.5, 0.5, (40_000, 2))
        start, end = np.sort(rng.integers(5000, 30_000, 2))
        sound[start:end] = sound[rng.integers(35_000, 39_000) :] = 0
        soundfile.write(tmp_path / "song.wav", sound, RATE)
        with open_audio(tmp_path / "song.wav") as audio:
            alarms += audio.defect != ""
    assert alarms <= 1  # one in a thousand is expected
    for sound in (np.linspace(0.5, 0, 20_469), np.zeros(20_469)):  # both end on a block's boundary
        soundfile.write(tmp_path / "song.wav", np.pad(np.repeat(sound[:, None], 2, 1), ((0, 9000), (0, 0))), RATE)
        with open_audio(tmp_path / "song.wav") as audio:
            assert audio.defect == ""


@pytest.mark.parametrize("samples", [1, 100, 1013, 1014])
def test_a_file_smaller_than_a_block_is_read(tmp_path: Path, samples: int) -> None:
    soundfile.write(tmp_path / "short.wav", np.full((samples, 2), 0.5), RATE)
    assert len(read_audio(tmp_path / "short.wav")[0]) == samples
