"""Files that are decoded to temporary files."""

import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cunet.audio.reading import open_audio, read_audio
from cunet.errors import UserError
from tests.sounds import RATE, encode, noise, refused_as_a_stem


@pytest.mark.parametrize("suffix", ["m4a", "ogg", "mka", "flac"])
def test_after_a_damaged_block_the_rest_keeps_its_time(tmp_path: Path, suffix: str) -> None:
    sound = noise(6) * (np.arange(6 * RATE)[:, None] > 5 * RATE)  # begins in its last second
    path = encode(sound + noise(6, seed=1) / 100, tmp_path / f"song.{suffix}")
    size = path.stat().st_size
    content = path.read_bytes()
    path.write_bytes(content[: size // 3] + bytes(2000) + content[size // 3 + 2000 :])
    with open_audio(path) as audio:
        if suffix == "flac":
            assert audio.defect == "is damaged: 0.1 s of it cannot be decoded and are silent"
        else:
            assert audio.defect.startswith("is damaged")
            assert re.search(r"\(ffmpeg: .*\): only [2-5]\.\d s could be decoded$", audio.defect)
        assert abs(audio.samples - 6 * RATE) < 1500  # the padding of the encoder
        loud = np.abs(audio.read(0, audio.samples)).max(axis=1) > 0.2
        assert abs(np.argmax(loud) - 5 * RATE) < 1500
    refused_as_a_stem(path, "is damaged")


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
