"""Frames of MP3, MP2, AC-3 and AAC files."""

from pathlib import Path

import pytest

from cunet.audio.frames import find_frames, mend
from tests.sounds import RATE, encode, noise


@pytest.mark.parametrize("suffix", ["mp3", "mp2", "ac3", "aac"])
def test_lost_frames_are_counted_and_replaced(tmp_path: Path, suffix: str) -> None:
    content = encode(noise(), tmp_path / f"song.{suffix}").read_bytes()
    intact = find_frames(content)
    assert intact.lost() == {}
    assert not intact.cut_off
    first, second = intact.frames[20], intact.frames[21]
    damaged = content[: first.start] + bytes(first.size + second.size) + content[second.stop :]
    stream = find_frames(damaged)
    assert stream.lost() == {first.start: 2}
    mend(stream, tmp_path / "mended", 0)
    assert len(find_frames((tmp_path / "mended").read_bytes()).frames) == len(intact.frames)


def test_a_declared_duration_gives_the_number_of_lost_frames(tmp_path: Path) -> None:
    content = encode(noise(), tmp_path / "song.mp3", RATE, "-q:a", "3").read_bytes()
    intact = find_frames(content)
    lost = [frame for number in (20, 50) for frame in intact.frames[number : number + 10]]
    damaged = bytearray(content)
    for frame in lost:
        damaged[frame.start : frame.stop] = bytes(frame.size)
    seconds = (len(intact.frames) - 1) * 1152 / RATE
    mend(find_frames(bytes(damaged)), tmp_path / "mended", seconds)
    assert len(find_frames((tmp_path / "mended").read_bytes()).frames) == len(intact.frames)


@pytest.mark.parametrize("suffix", ["mp3", "ac3", "aac"])
def test_a_cut_off_frame_is_noticed(tmp_path: Path, suffix: str) -> None:
    content = encode(noise(), tmp_path / f"song.{suffix}").read_bytes()
    last = find_frames(content).frames[-1]
    assert find_frames(content[: last.stop - 1]).cut_off
