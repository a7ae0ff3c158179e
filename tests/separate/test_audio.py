"""Audio read in pieces."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cunet.audio import Audio, open_audio
from cunet.errors import UserError
from cunet.preprocess.spectrogram import resample
from cunet.separate.audio import ArrayAudio, Downmix, Resampled

RATE = 44100


def noise(seconds: float = 2.0, channels: int = 2, rate: int = RATE, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (0.2 * rng.standard_normal((round(seconds * rate), channels))).astype(np.float32)


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


@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff", "ogg", "opus", "mp3", "m4a", "mka"])
def test_a_file_is_the_same_in_pieces_as_decoded_at_once(tmp_path: Path, suffix: str) -> None:
    path = encode(noise(), tmp_path / f"song.{suffix}")
    decoded = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-f", "f32le", "-"], capture_output=True, check=True
    ).stdout
    whole = np.frombuffer(decoded, np.float32).reshape(-1, 2)
    with open_audio(path) as audio:
        assert audio.channels == 2
        assert audio.samples == len(whole)
        np.testing.assert_allclose(in_pieces(audio, 7001), whole, atol=1e-4)


@pytest.mark.parametrize("options", [("-q:a", "4"), ("-b:a", "128k")], ids=["variable", "constant"])
def test_an_mp3_without_a_header_is_read_to_its_end(tmp_path: Path, options: tuple[str, ...]) -> None:
    waveform = np.concatenate([noise(4), np.zeros((10 * RATE, 2), np.float32)])  # its rate varies: a guess is wrong
    path = encode(waveform, tmp_path / "song.mp3", RATE, *options, "-write_xing", "0")
    with open_audio(path) as audio:
        assert abs(audio.samples - len(waveform)) < 4000  # the padding of the encoder
        audio.read(0, audio.samples)


def test_a_flac_that_does_not_know_its_length_is_read(tmp_path: Path) -> None:
    path = encode(noise(), tmp_path / "song.flac")
    command = f"ffmpeg -v error -i {path} -f flac - | cat > {tmp_path / 'stream.flac'}"
    subprocess.run(command, shell=True, check=True)
    with open_audio(tmp_path / "stream.flac") as audio:
        assert audio.samples == 2 * RATE


def test_of_a_long_file_no_more_is_decoded_than_is_asked_for(tmp_path: Path) -> None:
    path = encode(noise(6), tmp_path / "song.mp3")
    with open_audio(path, longest=2) as audio:
        assert audio.samples == 3 * RATE


def test_there_is_silence_before_the_start_and_after_the_end() -> None:
    waveform = noise(0.1)
    audio = ArrayAudio(waveform, RATE)
    for start, stop in (
        (-5, 3),
        (len(waveform) - 3, len(waveform) + 4),
        (-9, -2),
        (len(waveform) + 1, len(waveform) + 5),
    ):
        expected = np.pad(waveform, ((10, 10), (0, 0)))[start + 10 : stop + 10]
        np.testing.assert_array_equal(audio.read(start, stop), expected)


@pytest.mark.parametrize(
    "rates", [(44100, 8192), (8192, 44100), (192000, 8192), (8192, 8192), (11025, 8192), (44101, 8192)]
)
@pytest.mark.parametrize("length", [501, 20000])
def test_resampled_in_pieces_is_resampled_at_once(rates: tuple[int, int], length: int) -> None:
    waveform = noise(2.3, rate=rates[0])
    audio = Resampled(ArrayAudio(waveform, rates[0]), rates[1])
    whole = resample(waveform, *rates)
    assert audio.samples == len(whole)
    pieces = in_pieces(audio, length) if length > 1000 else audio.read(1000, 1000 + length)
    np.testing.assert_allclose(pieces, whole if length > 1000 else whole[1000 : 1000 + length], atol=1e-6)


def test_mono_is_the_mean_of_the_channels() -> None:
    waveform = noise(0.1, channels=3)
    mono = Downmix(ArrayAudio(waveform, RATE)).read(5, 90)
    np.testing.assert_allclose(mono, waveform[5:90].mean(1, keepdims=True), atol=1e-7)


def test_the_temporary_file_of_a_decoded_song_is_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = encode(noise(), tmp_path / "song.m4a")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with open_audio(path):
        assert list(temporary.rglob("*.wav"))
    assert not list(temporary.iterdir())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no such file"),
        (b"", "is empty"),
        (b"#!/bin/sh\necho hello\n", "is not audio that can be read"),
        (
            b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nsecret.aac\n#EXT-X-ENDLIST\n",
            "is not audio that can be read",
        ),
    ],
)
def test_what_is_not_audio_is_said_in_a_line(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "song.mp3"
    encode(noise(), tmp_path / "secret.aac")  # which a playlist must not open
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=reason) as error, open_audio(path):
        pass
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


def test_a_file_without_samples_is_said_to_be_empty(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros((0, 2)), RATE)
    with pytest.raises(UserError, match="holds no samples"), open_audio(tmp_path / "empty.wav"):
        pass


def test_a_file_cut_off_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    soundfile.write(path, noise(), RATE)
    path.write_bytes(path.read_bytes()[:-60000])
    with open_audio(path) as audio, pytest.raises(UserError, match="is damaged"):
        in_pieces(audio, 5000)
