"""Chunks of uncompressed files."""

from pathlib import Path

import pytest
import soundfile

from cunet.audio.chunks import LAYOUTS, audio_start
from tests.sounds import RATE, noise


@pytest.mark.parametrize("kind", LAYOUTS)
def test_the_audio_begins_where_the_first_sample_is(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "song"
    soundfile.write(path, noise(), RATE, "PCM_16", format=kind)
    samples, _ = soundfile.read(path, dtype="int16")
    start = audio_start(path, kind)
    assert start is not None
    stored = samples.astype(">i2" if kind in ("AIFF", "CAF") else "<i2").tobytes()
    assert path.read_bytes()[start : start + len(stored)] == stored


def test_other_chunks_may_be_large_and_contain_its_name(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, noise(), RATE)
    content = path.read_bytes()
    comment = b"LIST" + (100_001).to_bytes(4, "little") + b"INFOdata".ljust(100_002, b"x")
    path.write_bytes(content[:12] + comment + content[12:])
    assert audio_start(path, "WAV") == 44 + len(comment)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\0\0\0\0WAVE" + bytes(200_000)])
def test_without_a_chunk_of_audio_there_is_no_start(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(content)
    assert audio_start(path, "WAV") is None
