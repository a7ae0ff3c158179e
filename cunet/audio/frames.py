"""Finds lost frames of MP3, MP2, AC-3 and AAC (ADTS) files, and puts empty ones in their place.

ffmpeg drops damaged frames. Frames of these formats have no timestamps, so everything after a gap would be early.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from cunet.audio.contents import open_bytes

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
EDGE = 2**16  # bytes at the start or the end that contain several frames
BLOCK = 4096  # bytes: of file systems
XING = (b"Xing", b"Info", b"VBRI")  # in a first frame of MP3 that holds a table instead of sound
# Larger or less regular files are not searched for lost frames: 3.7 hours at 320 kbit/s, 7.6 hours of frames, and ten
# times as many bytes like those of a header as in a gap of 20 MB.
LARGEST, MOST_FRAMES, MOST_STRAYS = 2**29, 2**20, 10**5
HEADER = {"mpeg": 4, "adts": 7, "ac3": 7}  # bytes
TAGS = (b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN")  # also between the songs of a file that was concatenated


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
    """The intact frames of a file, and whether the last one is cut off or the search was given up."""

    content: bytes
    frames: list[Frame]
    cut_off: bool = False
    given_up: bool = False

    def lost(self) -> dict[int, int]:
        """The number of lost frames by the position of each damaged part, from the mean size of the frames around."""
        found = {}
        for number, (before, after) in enumerate(pairwise(self.frames)):
            if after.start > before.stop and not self.content.startswith(TAGS, before.stop):
                around = self.frames[max(number - AROUND, 0) : number + AROUND]
                mean = sum(frame.size for frame in around) / len(around)
                found[before.stop] = max(round((after.start - before.stop) / mean), 1)
        return found

    def seams(self) -> int:
        """How many tags there are between frames, as in songs that were concatenated."""
        return sum(self.content.startswith(TAGS, before.stop) for before, _ in self._gaps())

    def is_whole(self) -> bool:
        """Whether no frame is lost or cut off: only tags or zeros follow the last one.

        Zeros that begin at a block of the disk within the last frame are those of an incomplete copy.
        """
        if self.given_up or self.cut_off or not self.frames or self.lost():
            return False
        if self.frames[0].start != _behind_tag(self.content):
            return False
        last = self.frames[-1]
        rest = self.content[last.stop :]
        if not rest.strip(b"\0"):
            end = last.start + len(self.content[last.start :].rstrip(b"\0"))
            return not rest or end + -end % BLOCK >= last.stop
        return rest.lstrip(b"\0").startswith(TAGS)

    def sounding(self) -> int:
        """How many of the frames of MP3 have sound: all but a table at the start."""
        first = self.frames[0]
        data = self.content[first.start : first.stop]
        return len(self.frames) - any(name in data for name in XING)

    def frame_seconds(self) -> float:
        """Duration of a frame of MPEG."""
        kind = self.frames[0].kind
        return (_samples(kind.rate) if kind.layer == 3 else 1152) / kind.rate

    def _gaps(self) -> list[tuple[Frame, Frame]]:
        return [(before, after) for before, after in pairwise(self.frames) if after.start > before.stop]


def read_frames(path: Path) -> Stream | None:
    """The frames of a file; None if it is too large or too irregular.

    Raises:
        UserError: the file cannot be read.
    """
    with open_bytes(path) as file:
        if path.stat().st_size > LARGEST:
            return None
        stream = find_frames(file.read())
    return None if stream.given_up else stream


def is_cut_off(path: Path) -> bool:
    """Whether the last frame of a file is cut off; only its start and its end are read.

    Raises:
        UserError: the file cannot be read.
    """
    with open_bytes(path) as file:
        file.seek(_behind_tag(file.read(10)))
        first = find_frames(file.read(EDGE)).frames[:1]
        if not first:
            return False
        file.seek(max(path.stat().st_size - EDGE, 0))
        return find_frames(file.read(), first[0].kind).cut_off


def find_frames(content: bytes, kind: Kind | None = None) -> Stream:
    """The frames between the tags of a file; damaged parts are skipped.

    A frame counts if it follows the previous one directly, or if another frame or the end of the file follows it.

    Args:
        content: of the file.
        kind: of the frames; that of the first one if None.
    """
    frames: list[Frame] = []
    place, end, strays = _behind_tag(content), len(content), 0
    while strays < MOST_STRAYS and len(frames) < MOST_FRAMES:
        frame = _frame(content, place)
        if frame and frame.kind == (kind or frame.kind):
            follows = bool(frames) and frames[-1].stop == place
            if follows and frame.stop > end:
                return Stream(content, frames, cut_off=True)
            if follows or frame.stop == end or _frame(content, frame.stop):
                frames.append(frame)
                place, kind = frame.stop, frame.kind
                continue
        strays += 1
        sync = SYNC.search(content, place + 1)
        if sync is None:
            return Stream(content, frames)
        place = sync.start()
    return Stream(content, frames, given_up=True)


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
    if missing > 4 * estimated + AROUND:  # the declared duration is damaged itself
        return lost
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
