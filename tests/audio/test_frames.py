"""Frames of MP3, MP2, AC-3 and AAC files."""

from pathlib import Path

import pytest

from cunet.audio.frames import find_frames, is_cut_off, mend, read_frames
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
    path = tmp_path / "song"
    for tag in (b"", b"ID3\x04\0\0\0\x7f\0\0".ljust(127 * 2**14 + 10, b"\xff")):  # larger than what is read
        path.write_bytes(tag + content)
        assert not is_cut_off(path)
        path.write_bytes(tag + content[: last.stop - 1])
        assert is_cut_off(path)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("content", [b"\xff\xfb\x90\x00" * 2**22, bytes(2**24), b"\xff" * 2**24])
def test_the_search_in_an_irregular_file_is_given_up(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(content)
    found = read_frames(path)
    assert found is None or found.frames == []


def test_a_false_duration_does_not_become_silence_without_end(tmp_path: Path) -> None:
    content = encode(noise(), tmp_path / "song.mp3").read_bytes()
    frame = find_frames(content).frames[20]
    mend(find_frames(content[: frame.start] + bytes(frame.size) + content[frame.stop :]), tmp_path / "mended", 1e9)
    assert (tmp_path / "mended").stat().st_size < 2 * len(content)
