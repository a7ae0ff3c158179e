"""FLAC files: damaged, and with a tag behind them."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from cunet.audio.flac import bridged
from cunet.audio.reading import open_audio, read_audio
from tests.sounds import RATE, encode, in_pieces, noise, refused_as_a_stem


def test_a_tag_behind_a_flac_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    soundfile.write(path, noise(), RATE)
    whole, _ = read_audio(path)
    path.write_bytes(path.read_bytes() + b"TAG" + b"title".ljust(125, b"\0"))
    np.testing.assert_array_equal(read_audio(path)[0], whole)
    with open_audio(path) as audio:
        assert audio.defect == ""
        np.testing.assert_array_equal(in_pieces(audio, 5000), whole)


def test_a_length_that_no_memory_holds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    soundfile.write(path, noise(0.1), RATE)
    content = bytearray(path.read_bytes())
    content[21:26] = bytes([content[21] | 0x0F, 255, 255, 255, 255])  # 2^36 samples
    path.write_bytes(content)
    refused_as_a_stem(path, r"too long to read at once \(432.9 h\). Split it")
    with open_audio(path) as audio:
        assert audio.samples == round(0.1 * RATE)
        assert "ends after 0.1 s of the 1558" in audio.defect


def test_every_damaged_part_is_bridged(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    soundfile.write(path, noise(4), RATE)
    whole, _ = read_audio(path)
    content = path.read_bytes()
    for share in (0.25, 0.6):
        place = round(share * len(content))
        content = content[:place] + bytes(300) + content[place + 300 :]
    path.write_bytes(content)
    blocks = list(bridged(path, len(whole)))
    gaps = [block for block in blocks if isinstance(block, int)]
    assert len(gaps) == 2
    assert all(0 < gap <= 3 * 4096 for gap in gaps)
    sound = np.concatenate([np.zeros((block, 2)) if isinstance(block, int) else block for block in blocks])
    assert sound.shape == whole.shape
    intact = sound.any(axis=1)
    np.testing.assert_array_equal(sound[intact], whole[intact])


@pytest.mark.timeout(20)
def test_a_missing_end_is_noticed_in_time_that_grows_with_the_length(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    soundfile.write(path, noise(60), RATE)
    content = path.read_bytes()
    for rest in (bytes(4), b"\xff\xf8\xc9\xa8"):  # the latter looks like headers
        path.write_bytes(content[: len(content) // 2] + len(content) // 8 * rest)
        with open_audio(path) as audio:
            assert "ends after 29.9 s of the 60.0 s" in audio.defect


@pytest.mark.parametrize("frame", [16, 576, 4608, 65535])
def test_frames_of_any_size_are_found_behind_damage(tmp_path: Path, frame: int) -> None:
    path = encode(noise(4), tmp_path / "song.flac", RATE, "-frame_size", str(frame))
    whole, _ = read_audio(path)
    content = path.read_bytes()
    place = len(content) // 3
    path.write_bytes(content[:place] + bytes(300) + content[place + 300 :])
    with open_audio(path) as audio:
        sound = audio.read(0, audio.samples)
    intact = sound.any(axis=1)
    assert np.count_nonzero(~intact) < 2 * frame + 2000
    np.testing.assert_array_equal(sound[intact], whole[intact])
