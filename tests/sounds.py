"""Sound files for tests: noise and tones, encoded by ffmpeg, cut off and changed."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cunet.audio.pieces import Audio
from cunet.audio.reading import read_audio
from cunet.errors import UserError

RATE = 44100


def noise(seconds: float = 2.0, channels: int = 2, rate: int = RATE, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (0.2 * rng.standard_normal((round(seconds * rate), channels))).astype(np.float32)


def tone(seconds: float = 1.0, channels: int = 2, rate: int = RATE) -> np.ndarray:
    """A tone that swells, so that no two pieces of it are the same."""
    time = np.arange(round(seconds * rate)) / rate
    sound = 0.4 * np.sin(2 * np.pi * 440 * time) * np.linspace(0.1, 1, len(time))
    return np.repeat(sound[:, None], channels, axis=1).astype(np.float32)


def in_pieces(audio: Audio, length: int) -> np.ndarray:
    """From the last to the first, so that nothing can lean on what was read before."""
    starts = range(0, audio.samples, length)
    pieces = [audio.read(start, min(start + length, audio.samples)) for start in reversed(starts)]
    return np.concatenate(pieces[::-1])


def encode(waveform: np.ndarray, path: Path, rate: int = RATE, *options: str) -> Path:
    """By ffmpeg, whatever the suffix says."""
    source = path.with_suffix(".source.wav")
    soundfile.write(source, waveform, rate, subtype="FLOAT")
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", source, *options, path], check=True)
    source.unlink()
    return path


def pipe(path: Path, kind: str, out: Path) -> Path:
    """By ffmpeg into a pipe, where it cannot go back to write the length."""
    subprocess.run(f"ffmpeg -v error -i '{path}' -f {kind} - | cat > '{out}'", shell=True, check=True)
    return out


def cut(path: Path, share: float = 2 / 3) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: round(len(content) * share)])
    return path


def patch(path: Path, marker: bytes, skip: int, value: bytes) -> Path:
    """Replace bytes, so many after the start of a marker."""
    content = bytearray(path.read_bytes())
    place = content.index(marker) + skip
    content[place : place + len(value)] = value
    path.write_bytes(content)
    return path


def refused_as_a_stem(path: Path, reason: str) -> None:
    with pytest.raises(UserError, match=reason) as error:
        read_audio(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
