"""Sound files of every kind, as written by libsndfile and ffmpeg, and as damaged."""

import os
import struct
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cunet.audio import TOO_SHORT, Audio, open_audio, read_audio, read_duration
from cunet.errors import UserError
from cunet.pages import CUT_OFF

RATE = 44100
WRITABLE = [
    (kind, encoding)
    for kind in soundfile.available_formats()
    for encoding in soundfile.available_subtypes(kind)
    if kind != "RAW"  # which has no header
]

ENCODED = {  # by ffmpeg: file names, and codecs that are not those of their suffixes
    **dict.fromkeys([f"default.{suffix}" for suffix in ("wav", "flac", "aiff", "w64", "ogg", "opus", "mp3", "mp2")]),
    **dict.fromkeys(
        [f"default.{suffix}" for suffix in ("m4a", "aac", "ac3", "wma", "mka", "webm", "avi", "tta", "wv")]
    ),
    **{f"{codec}.wav": codec for codec in ("adpcm_ima_wav", "adpcm_ms", "adpcm_yamaha", "mp3", "wmav2")},
    **{"flac.oga": "flac", "alac.mov": "alac", "adpcm.caf": "adpcm_ima_qt"},
}


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


@pytest.mark.parametrize(("kind", "encoding"), WRITABLE)
def test_all_that_libsndfile_writes_is_the_same_in_pieces_and_whole(tmp_path: Path, kind: str, encoding: str) -> None:
    path = tmp_path / f"song.{kind.lower()}"
    for rate, channels in [(8000, 1)] if kind == "WVE" else [(RATE, 2), (RATE, 1), (8000, 1)]:
        try:
            soundfile.write(path, tone(0.5, channels, rate), rate, encoding, format=kind)
            break
        except soundfile.LibsndfileError:
            continue
    else:
        pytest.skip("this libsndfile does not write it")
    whole, own_rate = read_audio(path)
    with open_audio(path) as audio:
        assert audio.remarks == ()
        assert (audio.rate, audio.samples, audio.channels) == (own_rate, *whole.shape)
        np.testing.assert_array_equal(in_pieces(audio, 1001), whole)
    assert read_duration(path) == len(whole) / own_rate
    assert abs(own_rate - rate) < 150  # some headers round it
    assert whole.shape[1] == channels
    sound = tone(0.5, channels, rate)
    error = whole[: len(sound)] - sound
    assert len(sound) <= len(whole) < len(sound) + 1200  # a block of the coarsest encoding
    assert np.sum(error**2) < 0.1 * np.sum(sound**2)


@pytest.fixture(scope="module")
def by_ffmpeg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second as ffmpeg encodes it in all ways, and beside each file what ffmpeg decodes of it."""
    folder = tmp_path_factory.mktemp("ffmpeg")
    soundfile.write(folder / "source.wav", noise(0.5), RATE, subtype="FLOAT")
    files = [folder / name for name in ENCODED]
    command: list[str | Path] = ["ffmpeg", "-v", "error", "-i", folder / "source.wav"]
    for file, codec in zip(files, ENCODED.values(), strict=True):
        command += [*(("-c:a", codec) if codec else ()), file]
    subprocess.run(command, check=True)
    command = ["ffmpeg", "-v", "error", *(word for file in files for word in ("-i", file))]
    for number, file in enumerate(files):
        command += ["-map", f"{number}:a", "-f", "f32le", file.with_suffix(f"{file.suffix}.raw")]
    subprocess.run(command, check=True)
    return folder


@pytest.mark.parametrize("name", ENCODED)
def test_what_ffmpeg_writes_is_the_same_in_pieces_as_ffmpeg_decodes(by_ffmpeg: Path, name: str) -> None:
    whole = np.fromfile(by_ffmpeg / f"{name}.raw", np.float32).reshape(-1, 2)
    with open_audio(by_ffmpeg / name) as audio:
        assert audio.remarks == ()
        assert audio.channels == 2
        assert abs(audio.samples - len(whole)) < 2100  # libsndfile and ffmpeg differ in the padding of some encodings
        shared = min(audio.samples, len(whole))
        np.testing.assert_allclose(in_pieces(audio, 7001)[:shared], whole[:shared], atol=2e-3)  # and in rounding


def test_tags_that_the_decoder_does_not_understand_are_no_message(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "song.mp3"
    soundfile.write(path, np.zeros((44100, 2)), 44100)
    tag = b"ID3\x03\x00\x00\x00\x00\x0f\x76TXXX\x00\x00\xff\xff\x00\x00".ljust(2048, b"x")
    path.write_bytes(tag + path.read_bytes())
    with open_audio(path) as audio:
        assert audio.samples >= 44100
    assert capfd.readouterr() == ("", "")
    os.write(2, b"afterwards")
    assert capfd.readouterr().err == "afterwards"


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
        assert (audio.samples, audio.remarks) == (len(waveform), ())


@pytest.mark.parametrize("length", [0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF], ids=hex)
def test_lengths_that_programs_write_into_pipes_promise_nothing(tmp_path: Path, length: int) -> None:
    path = tmp_path / "stream.wav"
    soundfile.write(path, noise(), RATE)
    patch(path, b"data", 4, struct.pack("<I", length))
    with open_audio(path) as audio:
        assert (audio.samples, audio.remarks) == (2 * RATE, ())


CUT = {
    **dict.fromkeys(["WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "SVX", "WVE", "AVR", "MPC2K", "MAT5"], "declares"),
    **dict.fromkeys(["FLAC"], "declares"),
    **dict.fromkeys(["VOC", "MAT4", "OGG"], "truncated"),
    **dict.fromkeys(["CAF"], "may be truncated"),
}


@pytest.mark.parametrize("kind", CUT)
def test_of_a_file_cut_off_every_sample_is_read_and_what_is_missing_is_said(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"song.{kind.lower()}"
    channels, rate = (1, 8000) if kind == "WVE" else (1, RATE) if kind == "SVX" else (2, RATE)
    soundfile.write(path, noise(3, channels, rate), rate, format=kind)
    whole, _ = read_audio(path)
    cut(path)
    with open_audio(path) as audio:
        (remark,) = audio.remarks
        assert CUT[kind] in remark
        if CUT[kind] == "declares":
            assert remark.startswith(f"ends after {audio.samples / rate:.1f} s of the 3.0 s that its header declares")
        assert abs(audio.samples / len(whole) - 2 / 3) < (0.15 if kind in ("FLAC", "OGG") else 0.01)
        rounding = 1e-6 if kind == "OGG" else 0  # some versions of libsndfile do not know its length: ffmpeg decodes it
        np.testing.assert_allclose(in_pieces(audio, 5000), whole[: audio.samples], rtol=0, atol=rounding)
    refused_as_a_stem(path, "truncated" if kind == "FLAC" else CUT[kind])


@pytest.mark.parametrize("missing", [1, 3000])
def test_an_ogg_cut_off_in_its_last_page_is_noticed(tmp_path: Path, missing: int) -> None:
    path = tmp_path / "song.ogg"
    soundfile.write(path, noise(3), RATE, format="OGG")
    content = path.read_bytes()
    path.write_bytes(content[:-missing])
    assert len(content) - content.rindex(b"OggS") > missing
    with open_audio(path) as audio:
        assert audio.remarks == (CUT_OFF,)


def test_a_tag_behind_an_ogg_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "song.ogg"
    soundfile.write(path, noise(3), RATE, format="OGG")
    path.write_bytes(path.read_bytes() + b"TAG" + bytes(125))
    with open_audio(path) as audio:
        assert audio.remarks == ()


def test_ogg_pieces_one_after_the_other_are_one_song(tmp_path: Path) -> None:
    path = tmp_path / "radio.ogg"
    soundfile.write(path, noise(3), RATE, format="OGG")
    first = path.read_bytes()
    soundfile.write(path, noise(2, seed=1), RATE, format="OGG")
    path.write_bytes(first + path.read_bytes())
    with open_audio(path) as audio:
        assert audio.remarks == ()
        assert abs(audio.samples - 5 * RATE) < 5000


def test_a_header_that_gives_too_little_is_said(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, noise(), RATE)
    patch(path, b"data", 4, struct.pack("<I", 1000))
    with open_audio(path) as audio:
        assert audio.remarks == (TOO_SHORT,)
    refused_as_a_stem(path, "declares less audio in its header than it contains")


def test_an_mp3_in_wav_cut_off_is_said(tmp_path: Path) -> None:
    sound, path = tmp_path / "sound.wav", tmp_path / "song.wav"
    soundfile.write(sound, noise(3), RATE)
    subprocess.run(["ffmpeg", "-v", "error", "-i", sound, "-c:a", "libmp3lame", path], check=True)
    with open_audio(path) as audio:
        assert audio.remarks == ()
    with open_audio(cut(path)) as audio:
        assert "that its header declares" in audio.remarks[0]


@pytest.mark.parametrize("riff", [0, 8])
def test_a_recording_that_was_not_closed_is_read_to_its_end(tmp_path: Path, riff: int) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, noise(), RATE)
    whole, _ = read_audio(path)
    patch(path, b"data", 4, bytes(4))
    patch(path, b"RIFF", 4, struct.pack("<I", riff))
    with open_audio(path) as audio:
        assert "declares no length in its header" in audio.remarks[0]
        np.testing.assert_array_equal(in_pieces(audio, 5000), whole)
    refused_as_a_stem(path, "declares no length in its header")


@pytest.mark.parametrize("suffix", ["m4a", "ogg", "mka", "flac"])
def test_after_a_damaged_block_the_rest_keeps_its_time(tmp_path: Path, suffix: str) -> None:
    sound = noise(6) * (np.arange(6 * RATE)[:, None] > 5 * RATE)  # begins in its last second
    path = encode(sound + noise(6, seed=1) / 100, tmp_path / f"song.{suffix}")
    size = path.stat().st_size
    content = path.read_bytes()
    path.write_bytes(content[: size // 3] + bytes(2000) + content[size // 3 + 2000 :])
    with open_audio(path) as audio:
        if suffix == "flac":
            assert audio.remarks == ("is damaged: 0.2 s of it cannot be decoded and are silent",)
        else:
            assert audio.remarks[0].startswith("is damaged")
            assert f": {audio.samples / RATE:.1f} s could be decoded; the rest" in audio.remarks[0]
        assert abs(audio.samples - 6 * RATE) < 1500  # the padding of the encoder
        loud = np.abs(audio.read(0, audio.samples)).max(axis=1) > 0.2
        assert abs(np.argmax(loud) - 5 * RATE) < 1500
    refused_as_a_stem(path, "is damaged")


def test_a_tag_behind_a_flac_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    soundfile.write(path, noise(), RATE)
    whole, _ = read_audio(path)
    path.write_bytes(path.read_bytes() + b"TAG" + b"title".ljust(125, b"\0"))
    np.testing.assert_array_equal(read_audio(path)[0], whole)
    with open_audio(path) as audio:
        assert audio.remarks == ()
        np.testing.assert_array_equal(in_pieces(audio, 5000), whole)


def test_of_a_long_file_no_more_is_decoded_than_is_asked_for(tmp_path: Path) -> None:
    for suffix in ("mp3", "ogg"):
        path = encode(noise(6), tmp_path / f"song.{suffix}")
        with open_audio(path, longest=2) as audio:
            assert (audio.samples, audio.remarks) == (3 * RATE, ())


@pytest.mark.parametrize("rate", [1, 999, 1_000_001, 100_000_007, 2**31 - 1])
def test_absurd_rates_are_refused(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, noise(0.1), RATE)
    patch(path, b"fmt ", 12, struct.pack("<I", rate))
    with pytest.raises(UserError, match=rf"song\.wav: has a sample rate of {rate} Hz\. Convert it"), open_audio(path):
        pass
    refused_as_a_stem(path, f"a sample rate of {rate} Hz. Convert it")


def test_more_channels_than_recordings_have_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, noise(0.1, 65), RATE)
    with pytest.raises(UserError, match=r"has 65 channels\. Convert it to 64 or fewer"), open_audio(path):
        pass
    refused_as_a_stem(path, "has 65 channels")


def test_a_length_that_no_memory_holds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    soundfile.write(path, noise(0.1), RATE)
    content = bytearray(path.read_bytes())
    content[21:26] = bytes([content[21] | 0x0F, 255, 255, 255, 255])  # 2^36 samples
    path.write_bytes(content)
    refused_as_a_stem(path, r"too long to read at once \(432.9 h\). Split it")
    with open_audio(path) as audio:
        assert audio.samples == round(0.1 * RATE)
        assert "ends after 0.1 s of the 1558" in audio.remarks[0]


def test_the_temporary_file_of_a_decoded_song_is_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = encode(noise(), tmp_path / "song.m4a")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with open_audio(path):
        assert list(temporary.rglob("*.wav"))
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("suffix", ["m4a", "ogg"])
def test_a_full_temporary_folder_is_named_and_not_the_song(
    tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    path = encode(noise(4), tmp_path / f"song.{suffix}")
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    full = r"\(No space left on device\)\. Free some space, .* set TMPDIR"
    reason = rf"^{small_disk}: temporary files cannot be written {full}"
    with pytest.raises(UserError, match=reason), open_audio(path):
        pass
    assert not list(small_disk.iterdir())


def test_a_missing_temporary_folder_is_named_where_one_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    path = encode(noise(), tmp_path / "song.m4a")
    reason = r"missing: temporary files cannot be .* set TMPDIR"
    with pytest.raises(UserError, match=reason) as error, open_audio(path):
        pass
    assert "song" not in str(error.value)
    soundfile.write(tmp_path / "song.wav", noise(), RATE)
    with open_audio(tmp_path / "song.wav") as audio:
        assert audio.samples == 2 * RATE
    assert len(read_audio(encode(noise(), tmp_path / "song.ogg"))[0]) == 2 * RATE


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


def test_a_file_without_samples_is_said_to_be_empty(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros((0, 2)), RATE)
    with pytest.raises(UserError, match="contains no samples"), open_audio(tmp_path / "empty.wav"):
        pass
