"""Frames of MP3, MP2, AC-3 and AAC (ADTS) streams, which have no times: whatever follows a lost frame moves forward."""

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

STREAMS = ("mp3", "aac", "ac3")  # ffmpeg's names of these formats
SYNC = re.compile(rb"\xff[\xe2-\xff]|\x0b\x77")
MPEG_RATES = (44100, 48000, 32000)  # Hz; half of it in version 2, a quarter in 2.5
MPEG_BITRATES = {  # kbit/s by version 1 or 2, and layer
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (2, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
MPEG_BITRATES[2, 2] = MPEG_BITRATES[2, 3]
AC3_BITRATES = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
AC3_RATES = (48000, 44100, 32000)
AROUND = 20  # frames beside a gap that give the mean size of the lost ones
HEADER = {"mpeg": 4, "adts": 7, "ac3": 7}  # bytes
ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")  # 40 bytes before the size of the file
TAGS = (b"ID3", b"TAG", b"APETAGEX")  # also between the songs of a file that was concatenated


@dataclass(frozen=True)
class Frame:
    """Where a frame begins, its size in bytes, and what all frames of a stream have in common."""

    start: int
    size: int
    kind: tuple[str, int, int]

    @property
    def stop(self) -> int:
        """Where the next one begins."""
        return self.start + self.size


@dataclass(frozen=True)
class Stream:
    """The intact frames of a file, and whether the last one is cut off."""

    content: bytes
    frames: list[Frame]
    cut_off: bool = False

    def lost(self) -> dict[int, int]:
        """How many frames are lost, by the position of each damaged part: their size is that of frames beside it."""
        found = {}
        for number, (before, after) in enumerate(pairwise(self.frames)):
            if after.start > before.stop and not self.content.startswith(TAGS, before.stop):
                beside = self.frames[max(number - AROUND, 0) : number + AROUND]
                mean = sum(one.size for one in beside) / len(beside)
                found[before.stop] = max(round((after.start - before.stop) / mean), 1)
        return found


def find_frames(content: bytes) -> Stream:
    """The frames between the tags of a file; damaged parts are skipped."""
    frames: list[Frame] = []
    place, end = _behind_tag(content), len(content)
    while True:
        frame = _frame(content, place)
        if frame and frames and frame.kind != frames[0].kind:
            frame = None
        in_step = bool(frames) and frames[-1].stop == place
        if frame and frame.stop > end and in_step:
            return Stream(content, frames, cut_off=True)
        if frame and (in_step or frame.stop == end or (frame.stop < end and _frame(content, frame.stop))):
            frames.append(frame)
            place = frame.stop
        elif found := SYNC.search(content, place + 1):
            place = found.start()
        else:
            return Stream(content, frames)


def mend(stream: Stream, out: Path, seconds: float) -> None:
    """Write a stream with a frame of zeros for every lost one, so that decoders count it.

    Args:
        stream: the frames that are left.
        out: file to write.
        seconds: declared duration of an MP3, which gives the exact number of lost frames; 0 if it is unknown.
    """
    lost = _corrected(stream, seconds) if seconds else stream.lost()
    with out.open("wb") as file:
        for frame in stream.frames:
            data = stream.content[frame.start : frame.stop]
            file.write(data + lost.get(frame.stop, 0) * _silent(data, frame))


def _corrected(stream: Stream, seconds: float) -> dict[int, int]:
    """The lost frames, as many as a declared duration says; the first frame declares it, and is silent itself."""
    lost = stream.lost()
    (_, rate, _), total = stream.frames[0].kind, sum(lost.values())
    missing = round(seconds * rate / _samples(rate)) + 1 - len(stream.frames)
    for place, count in lost.items():
        lost[place] = max(round(count * missing / total), 0)
    largest = max(lost, key=lambda place: lost[place])
    lost[largest] = max(lost[largest] + missing - sum(lost.values()), 0)
    return lost


def _samples(rate: int) -> int:
    """Samples in a frame of MP3."""
    return 1152 if rate >= min(MPEG_RATES) else 576


def _silent(data: bytes, frame: Frame) -> bytes:
    """A frame with the header of another: silence in MP3 and MP2, without content in others."""
    header = bytearray(data[: HEADER[frame.kind[0]]])
    if frame.kind[0] != "ac3":
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
    head = content[place : place + 7]
    if len(head) < 7:
        return None
    if head[:2] == b"\x0b\x77":
        return _ac3(head, place)
    if head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        return Frame(place, size, ("adts", head[2] >> 2 & 15, 0)) if size > 7 else None
    return _mpeg(head, place) if head[0] == 0xFF and head[1] & 0xE0 == 0xE0 else None


def _mpeg(head: bytes, place: int) -> Frame | None:
    version, layer = {3: 1, 2: 2, 0: 4}.get(head[1] >> 3 & 3), 4 - (head[1] >> 1 & 3)
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    if not version or layer not in (2, 3) or bitrate in (0, 15) or rate == 3:
        return None
    hertz, kilobits = MPEG_RATES[rate] // version, MPEG_BITRATES[min(version, 2), layer][bitrate]
    samples = _samples(hertz) if layer == 3 else 1152
    return Frame(place, samples * 125 * kilobits // hertz + (head[2] >> 1 & 1), ("mpeg", hertz, layer))


def _ac3(head: bytes, place: int) -> Frame | None:
    rate, code = head[4] >> 6, head[4] & 63
    if head[5] >> 3 > 8 or rate == 3 or code >= 2 * len(AC3_BITRATES):  # E-AC-3 has another header
        return None
    bits = AC3_BITRATES[code >> 1] * 1536 * 1000 // AC3_RATES[rate]
    return Frame(place, bits // 16 * 2 + (2 * (code & 1) if rate == 1 else 0), ("ac3", rate, 0))


def is_cut_off(path: Path) -> bool:
    """Whether an ASF (WMA) file is smaller than its header says."""
    with path.open("rb") as file:
        head = file.read(2**16)
    place = head.find(ASF_PROPERTIES)
    declared = int.from_bytes(head[place + 40 : place + 48], "little") if place >= 0 else 0
    return path.stat().st_size < declared < 2**48
