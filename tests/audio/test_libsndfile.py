"""Files as libsndfile opens them."""

import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cunet.audio.reading import open_audio
from cunet.errors import UserError
from tests.sounds import RATE, noise, patch, refused_as_a_stem


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
