"""Blocks of a disk that were not written."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from cunet.audio.holes import find_hole
from cunet.audio.reading import open_audio, read_audio
from tests.sounds import RATE


def test_an_unwritten_block_is_found(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, np.full((RATE, 2), 0.5), RATE)
    with soundfile.SoundFile(path) as file:
        assert find_hole(file, path) is None
    content = path.read_bytes()
    path.write_bytes(content[:8192] + bytes(4096) + content[12288:])
    with soundfile.SoundFile(path) as file:
        assert find_hole(file, path) == pytest.approx(((8192 - 44) / 4 / RATE, (12288 - 44) / 4 / RATE))


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
