"""Files that ffmpeg decodes."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from cunet.audio.reading import open_audio, read_audio, read_duration
from cunet.errors import UserError
from tests.sounds import RATE, encode, noise, pipe, refused_as_a_stem


@pytest.mark.parametrize("options", [("-q:a", "4"), ("-b:a", "128k")], ids=["variable", "constant"])
def test_an_mp3_without_a_header_is_read_to_its_end(tmp_path: Path, options: tuple[str, ...]) -> None:
    waveform = np.concatenate([noise(4), np.zeros((10 * RATE, 2), np.float32)])  # its rate varies: a guess is wrong
    path = encode(waveform, tmp_path / "song.mp3", RATE, *options, "-write_xing", "0")
    with open_audio(path) as audio:
        assert abs(audio.samples - len(waveform)) < 4000  # the padding of the encoder
        audio.read(0, audio.samples)


@pytest.mark.parametrize("kind", ["wav", "aiff", "au", "w64", "flac", "ogg", "mp3"])
def test_a_stream_that_does_not_know_its_length_is_read_to_its_end(tmp_path: Path, kind: str) -> None:
    sound = tmp_path / "song.wav"
    soundfile.write(sound, noise(), RATE)
    path = pipe(sound, kind, tmp_path / f"stream.{kind}")
    waveform, _ = read_audio(path)
    assert 0 <= len(waveform) - 2 * RATE < (4000 if kind == "mp3" else 1)
    assert read_duration(path) == len(waveform) / RATE
    with open_audio(path) as audio:
        assert (audio.samples, audio.defect) == (len(waveform), "")


def test_of_a_long_file_no_more_is_decoded_than_is_asked_for(tmp_path: Path) -> None:
    for suffix in ("mp3", "ogg"):
        path = encode(noise(6), tmp_path / f"song.{suffix}")
        with open_audio(path, longest=2) as audio:
            assert (audio.samples, audio.defect) == (3 * RATE, "")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no such file"),
        (b"", "is empty"),
        (b"#!/bin/sh\necho hello\n", "cannot be decoded"),
        (
            b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nsecret.aac\n#EXT-X-ENDLIST\n",
            "cannot be decoded",
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
    refused_as_a_stem(path, reason)


@pytest.mark.parametrize("name", ["Out of Memory/song.mp3", "No space left on device.m4a"])
def test_the_name_of_a_file_is_not_taken_for_a_complaint(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    refused_as_a_stem(path, "cannot be decoded")


LYRICS = b"LYRICSBEGIN" + b"[00:01]la la la\r\n" * 50 + b"000861LYRICS200" + b"TAG".ljust(128, b"\0")
XING = {"table": (), "bare": ("-write_xing", "0"), "variable": ("-q:a", "4")}


@pytest.mark.parametrize("options", XING.values(), ids=XING)
def test_what_may_follow_an_intact_mp3_is_no_damage(tmp_path: Path, options: tuple[str, ...]) -> None:
    path = encode(noise(4), tmp_path / "song.mp3", RATE, *options)
    content = path.read_bytes()
    for more in (bytes(4096), LYRICS, content):
        path.write_bytes(content + more)
        waveform, _ = read_audio(path)
        assert abs(len(waveform) - (8 if more == content else 4) * RATE) < 6000
    path.write_bytes(content[: 5 * 4096] + bytes(len(content) - 5 * 4096))
    refused_as_a_stem(path, "is damaged")
    path.write_bytes(content[:9000] + content[9500:] + content)
    refused_as_a_stem(path, "is damaged")


def test_a_file_without_samples_is_said_to_be_empty(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros((0, 2)), RATE)
    with pytest.raises(UserError, match="contains no samples"), open_audio(tmp_path / "empty.wav"):
        pass
