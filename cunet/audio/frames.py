"""Finds lost frames of MP3, MP2, AC-3 and AAC (ADTS) files, and puts empty ones in their place.

This is not left to ffmpeg because it drops damaged frames, and as frames of these formats have no timestamps, all sound
behind them would be early.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

FRAMED = ("mp3", "aac", "ac3")  # ffmpeg's names of these formats
SYNC = re.compile(rb"\xff[\xe2-\xff]|\x0b\x77")
MPEG_RATES = (44100, 48000, 32000)  # Hz, in version 1
MPEG_DIVISORS = {3: 1, 2: 2, 0: 4}  # of these rates, by the code of the version: 1, 2 and 2.5
MPEG_BITRATES = {  # kbit/s by version (2.5 as 2) and layer
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (2, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
MPEG_BITRATES[2, 2] = MPEG_BITRATES[2, 3]
AC3_BITRATES = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
AC3_RATES = (48000, 44100, 32000)
AROUND = 20  # frames beside a gap that give the mean size of the lost ones
HEADER = {"mpeg": 4, "adts": 7, "ac3": 7}  # bytes
TAGS = (b"ID3", b"TAG", b"APETAGEX")  # also between the songs of a file that was concatenated


class Kind(NamedTuple):
    """What all frames of a stream have in common: format, sample rate (Hz in MPEG, else a code) and MPEG layer."""

    format: str
    rate: int
    layer: int = 0


@dataclass(frozen=True)
class Frame:
    """Where a frame begins, its size in bytes, and its kind."""

    start: int
    size: int
    kind: Kind

    @property
    def stop(self) -> int:
        """Where the next frame begins."""
        return self.start + self.size


@dataclass(frozen=True)
class Stream:
    """The intact frames of a file, and whether the last one is cut off."""

    content: bytes
    frames: list[Frame]
    cut_off: bool = False

    def lost(self) -> dict[int, int]:
        """The number of lost frames by the position of each damaged part, from the mean size of the frames around."""
        found = {}
        for number, (before, after) in enumerate(pairwise(self.frames)):
            if after.start > before.stop and not self.content.startswith(TAGS, before.stop):
                around = self.frames[max(number - AROUND, 0) : number + AROUND]
                mean = sum(frame.size for frame in around) / len(around)
                found[before.stop] = max(round((after.start - before.stop) / mean), 1)
        return found


def find_frames(content: bytes) -> Stream:
    """The frames between the tags of a file; damaged parts are skipped.

    A frame counts if it follows the previous one directly, or if another frame or the end of the file follows it.
    """
    frames: list[Frame] = []
    place, end = _behind_tag(content), len(content)
    while True:
        frame = _frame(content, place)
        if frame and (not frames or frame.kind == frames[0].kind):
            follows = bool(frames) and frames[-1].stop == place
            if follows and frame.stop > end:
                return Stream(content, frames, cut_off=True)
            if follows or frame.stop == end or _frame(content, frame.stop):
                frames.append(frame)
                place = frame.stop
                continue
        sync = SYNC.search(content, place + 1)
        if sync is None:
            return Stream(content, frames)
        place = sync.start()


def mend(stream: Stream, out: Path, seconds: float) -> None:
    """Write a stream with an empty frame for every lost one.

    Args:
        stream: the intact frames; some are lost.
        out: file to write.
        seconds: declared duration of an MP3 file, which gives the exact number of lost frames; 0 if unknown.
    """
    lost = _corrected(stream, seconds) if seconds else stream.lost()
    with out.open("wb") as file:
        for frame in stream.frames:
            data = stream.content[frame.start : frame.stop]
            file.write(data + lost.get(frame.stop, 0) * _empty(data, frame.kind))


def _corrected(stream: Stream, seconds: float) -> dict[int, int]:
    """The lost frames, corrected to the declared duration, which the first frame holds instead of sound."""
    lost, rate = stream.lost(), stream.frames[0].kind.rate
    estimated = sum(lost.values())
    missing = round(seconds * rate / _samples(rate)) + 1 - len(stream.frames)
    corrected = {place: max(round(count * missing / estimated), 0) for place, count in lost.items()}
    largest = max(corrected, key=lambda place: corrected[place])
    corrected[largest] = max(corrected[largest] + missing - sum(corrected.values()), 0)
    return corrected


def _samples(rate: int) -> int:
    """Samples in a frame of MP3."""
    return 1152 if rate >= min(MPEG_RATES) else 576


def _empty(data: bytes, kind: Kind) -> bytes:
    """A frame with the header of another and zeros for its content: silence in MP3 and MP2, skipped in others."""
    header = bytearray(data[: HEADER[kind.format]])
    if kind.format != "ac3":
        header[1] |= 1  # no checksum
    return bytes(header).ljust(len(data), b"\0")


def _behind_tag(content: bytes) -> int:
    """Where the audio begins: behind an ID3v2 tag, if there is one."""
    if content[:3] != b"ID3" or len(content) < 10:
        return 0
    size = 0
    for byte in content[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def _frame(content: bytes, place: int) -> Frame | None:
    """The frame whose header is at a place; None if there is no valid header."""
    head = content[place : place + 7]
    if len(head) < 7:
        return None
    if head[:2] == b"\x0b\x77":
        return _ac3(head, place)
    if head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        return Frame(place, size, Kind("adts", head[2] >> 2 & 15)) if size > HEADER["adts"] else None
    return _mpeg(head, place) if head[0] == 0xFF and head[1] & 0xE0 == 0xE0 else None


def _mpeg(head: bytes, place: int) -> Frame | None:
    divisor, layer = MPEG_DIVISORS.get(head[1] >> 3 & 3), 4 - (head[1] >> 1 & 3)
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    if divisor is None or layer not in (2, 3) or bitrate in (0, 15) or rate == 3:
        return None
    hertz, kilobits = MPEG_RATES[rate] // divisor, MPEG_BITRATES[min(divisor, 2), layer][bitrate]
    samples = _samples(hertz) if layer == 3 else 1152
    return Frame(place, samples * 125 * kilobits // hertz + (head[2] >> 1 & 1), Kind("mpeg", hertz, layer))


def _ac3(head: bytes, place: int) -> Frame | None:
    rate, code = head[4] >> 6, head[4] & 63
    if head[5] >> 3 > 8 or rate == 3 or code >= 2 * len(AC3_BITRATES):  # E-AC-3 has another header
        return None
    bits = AC3_BITRATES[code >> 1] * 1536 * 1000 // AC3_RATES[rate]
    return Frame(place, bits // 16 * 2 + (2 * (code & 1) if rate == 1 else 0), Kind("ac3", rate))
