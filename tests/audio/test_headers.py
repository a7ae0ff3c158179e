"""Files that libsndfile reads: cut off, without a length, or with a wrong one."""

import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cunet.audio.defects import Defect, Kind
from cunet.audio.reading import open_audio, read_audio
from tests.sounds import RATE, cut, in_pieces, noise, patch, refused_as_a_stem


@pytest.mark.parametrize("length", [0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF], ids=hex)
def test_lengths_that_programs_write_into_pipes_promise_nothing(tmp_path: Path, length: int) -> None:
    path = tmp_path / "stream.wav"
    soundfile.write(path, noise(), RATE)
    patch(path, b"data", 4, struct.pack("<I", length))
    with open_audio(path) as audio:
        assert (audio.samples, audio.defect) == (2 * RATE, "")


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
        assert CUT[kind] in audio.defect
        if CUT[kind] == "declares":
            assert audio.defect.startswith(
                f"ends after {audio.samples / rate:.1f} s of the 3.0 s that its header declares"
            )
        assert abs(audio.samples / len(whole) - 2 / 3) < (0.15 if kind in ("FLAC", "OGG") else 0.01)
        rounding = 1e-6 if kind == "OGG" else 0  # some versions of libsndfile do not know its length: ffmpeg decodes it
        np.testing.assert_allclose(in_pieces(audio, 5000), whole[: audio.samples], rtol=0, atol=rounding)
    refused_as_a_stem(path, "truncated" if kind == "FLAC" else CUT[kind])


def test_a_header_that_gives_too_little_is_said(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, noise(), RATE)
    patch(path, b"data", 4, struct.pack("<I", 1000))
    with open_audio(path) as audio:
        assert audio.found == Defect(Kind.TOO_SHORT)
    refused_as_a_stem(path, "declares less audio in its header than it contains")


def test_an_mp3_in_wav_cut_off_is_said(tmp_path: Path) -> None:
    sound, path = tmp_path / "sound.wav", tmp_path / "song.wav"
    soundfile.write(sound, noise(3), RATE)
    subprocess.run(["ffmpeg", "-v", "error", "-i", sound, "-c:a", "libmp3lame", path], check=True)
    with open_audio(path) as audio:
        assert audio.defect == ""
    with open_audio(cut(path)) as audio:
        assert "that its header declares" in audio.defect


@pytest.mark.parametrize("riff", [0, 8])
def test_a_recording_that_was_not_closed_is_read_to_its_end(tmp_path: Path, riff: int) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, noise(), RATE)
    whole, _ = read_audio(path)
    patch(path, b"data", 4, bytes(4))
    patch(path, b"RIFF", 4, struct.pack("<I", riff))
    with open_audio(path) as audio:
        assert "declares no length in its header" in audio.defect
        np.testing.assert_array_equal(in_pieces(audio, 5000), whole)
    refused_as_a_stem(path, "declares no length in its header")
