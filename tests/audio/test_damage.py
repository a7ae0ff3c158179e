"""Damage of sound files: noticed wherever the format allows it, and what follows stays in step."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cunet.audio.reading import open_audio, read_audio
from cunet.errors import UserError
from tests.sounds import RATE, encode

SECONDS, WINDOW = 6, 8192
EXACT = {  # written by libsndfile: suffix, format and encoding
    **{"wav": ("wav", "WAV", "PCM_16"), "wav24": ("wav", "WAV", "PCM_24"), "float": ("wav", "WAV", "FLOAT")},
    **{"wavex": ("wav", "WAVEX", "PCM_24"), "rf64": ("rf64", "RF64", "PCM_16"), "aiff": ("aiff", "AIFF", "PCM_16")},
    **{"aifc": ("aifc", "AIFF", "FLOAT"), "au": ("au", "AU", "PCM_16"), "caf": ("caf", "CAF", "PCM_24")},
    **{"w64": ("w64", "W64", "PCM_16")},
}
CHECKED: dict[str, tuple[str, ...]] = {  # formats with checksums of all sound, by suffix, with ffmpeg's options
    **{"flac": (), "ogg": (), "opus": ("-c:a", "libopus"), "wv": (), "tta": (), "ac3": ("-b:a", "320k")},
    "mka": ("-c:a", "flac"),
}
UNCHECKED: dict[str, tuple[str, ...]] = {
    **{"mp3": ("-b:a", "192k"), "vbr.mp3": ("-q:a", "3"), "bare.mp3": ("-b:a", "192k", "-write_xing", "0")},
    **{"m4a": (), "alac.m4a": ("-c:a", "alac"), "fast.m4a": ("-movflags", "+faststart"), "wma": (), "webm": ()},
    **{"mp2": ("-b:a", "256k"), "vorbis.mka": ("-c:a", "libvorbis"), "pcm.mka": ("-c:a", "pcm_s16le"), "aac": ()},
}
# Their frames have no times: the length of a hole is estimated from the mean size of those around it.
VARIABLE = ("aac",)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same noise, of which no two parts are alike, in every format."""
    folder = tmp_path_factory.mktemp("good")
    spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal((SECONDS * RATE, 2)), axis=0)
    spectrum[4000 * SECONDS :] = 0  # coarse encodings keep the waveform of what is below 4 kHz
    noise = np.fft.irfft(spectrum, SECONDS * RATE, axis=0)
    sound = (0.2 * noise / noise.std()).astype(np.float32)
    found = {}
    for name, (suffix, kind, encoding) in EXACT.items():
        found[name] = folder / f"{name}.{suffix}"
        soundfile.write(found[name], sound, RATE, encoding, format=kind)
    for name, options in (CHECKED | UNCHECKED).items():
        found[name] = encode(sound, folder / f"song.{name}", RATE, *options)
    return found


def zeroed(content: bytes, place: int, size: int) -> bytes:
    return content[:place] + bytes(min(size, len(content) - place)) + content[place + size :]


def damaged(content: bytes, seed: int) -> Iterator[tuple[str, float, bytes]]:
    """Damage, the share of the file where it ends, and the content."""
    rng, length, first = np.random.default_rng(seed), len(content), min(4096, len(content) // 10)
    for size in (4096, 4096, 32768):
        place = int(rng.integers(first, length - size - first))
        yield "hole", (place + size) / length, zeroed(content, place, size)
    for count in (1, 1, 20):
        changed = bytearray(content)
        for place in rng.integers(first, length - first // 2, count):
            changed[place] ^= int(rng.integers(1, 256))
        yield "flips", 1, bytes(changed)
    for place in (*rng.integers(first, length, 3), length // 2 // 4096 * 4096, length - 200):
        yield "cut", 1, content[:place]
    for share in (0.5, 0.9):
        yield "copied in part", 1, zeroed(content, round(length * share) // 4096 * 4096, length)


def late(sound: np.ndarray, expected: np.ndarray, start: int) -> float:
    """By how many milliseconds parts of the sound behind `start` are displaced, at most."""
    worst = 0.0
    for place in range(start, len(expected) - WINDOW, RATE // 2):
        piece, first = expected[place : place + WINDOW, 0], max(place - RATE, 0)
        region = sound[first : place + WINDOW + RATE, 0]
        if len(region) < WINDOW:
            continue
        size = len(region) + WINDOW
        match = np.fft.irfft(np.fft.rfft(region, size) * np.fft.rfft(piece, size).conj(), size)[: -2 * WINDOW + 1]
        best = int(np.argmax(match))
        found = region[best : best + WINDOW]
        if match[best] > 0.6 * np.linalg.norm(found) * np.linalg.norm(piece) > 0:
            worst = max(worst, abs(first + best - place) / RATE * 1000)
    return worst


def check(path: Path, folder: Path, name: str, damages: set[str]) -> None:
    """Check that damage is noticed, at least by ending or a hole, and that sound behind a hole stays in step."""
    expected, _ = read_audio(path)
    for number, (kind, end, content) in enumerate(damaged(path.read_bytes(), zlib.crc32(name.encode()))):
        if kind not in damages:
            continue
        case = f"{name}: {kind} {number}"
        bad = folder / f"bad{path.suffix}"
        bad.write_bytes(content)
        try:
            sound, _ = read_audio(bad)
            assert np.array_equal(sound, expected), f"{case}: trained on unnoticed"
        except UserError:
            pass
        try:
            with open_audio(bad) as audio:
                sound = audio.read(0, audio.samples)
            assert audio.defect or np.array_equal(sound, expected), f"{case}: separated unnoticed"
        except UserError:
            continue
        if kind == "hole" and name not in VARIABLE:
            milliseconds = late(sound, expected, round(end * len(expected)) + RATE // 4)
            assert milliseconds < 5, f"{case}: {milliseconds:.0f} ms out of step"


def test_damage_is_noticed_and_the_rest_stays_in_step(good: dict[str, Path], tmp_path: Path) -> None:
    for name in ("flac", "opus", "wv", "vbr.mp3"):
        check(good[name], tmp_path, name, {"hole"})
    check(good["wav"], tmp_path, "wav", {"cut", "copied in part"})


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKED)
def test_checksums_find_any_damage(good: dict[str, Path], tmp_path: Path, name: str) -> None:
    check(good[name], tmp_path, name, {"hole", "flips", "cut", "copied in part"})


@pytest.mark.slow
@pytest.mark.parametrize("name", UNCHECKED)
def test_missing_parts_are_noticed_without_checksums(good: dict[str, Path], tmp_path: Path, name: str) -> None:
    holes = set() if name in ("alac.m4a", "pcm.mka") else {"hole"}  # whose zeros are valid sound
    check(good[name], tmp_path, name, {"cut", "copied in part"} | holes)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in EXACT if name != "au"])
def test_missing_parts_of_uncompressed_sound_are_noticed(good: dict[str, Path], tmp_path: Path, name: str) -> None:
    check(good[name], tmp_path, name, {"cut", "copied in part"})
