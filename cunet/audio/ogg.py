"""Damage in the pages of Ogg files (RFC 3533), at which libsndfile stops without an error; ffmpeg does not."""

import zlib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from cunet.audio.contents import PIECE, open_bytes

PAGE, HEADER = b"OggS", 27  # bytes before the segment lengths of a page (section 6)
FLAGS, SERIAL, NUMBER, CHECKSUM = 5, slice(14, 18), slice(18, 22), slice(22, 26)
BEGINNING_OF_STREAM, END_OF_STREAM = 0x02, 0x04
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))

LARGEST = HEADER + 255 + 255 * 255  # bytes of a page


class Fault(StrEnum):
    """What is wrong with the pages of a file."""

    CHAINED = "several concatenated streams"
    DAMAGED = "damaged"
    CUT_OFF = "cut off"


def fault_of_pages(path: Path) -> Fault | None:
    """What is wrong with a file; None if nothing is.

    Raises:
        UserError: the file cannot be read.
    """
    begun = ended = False
    numbers: dict[bytes, int] = {}  # of the next page, by stream
    for page, complete in _pages(path):
        if not complete and PAGE not in page[1:]:
            return Fault.CUT_OFF
        if not complete or not _is_intact(page):
            return Fault.DAMAGED
        is_first = bool(page[FLAGS] & BEGINNING_OF_STREAM)
        if begun and is_first:
            return Fault.CHAINED
        stream, number = page[SERIAL], int.from_bytes(page[NUMBER], "little")
        if numbers.get(stream, number) != number:
            return Fault.DAMAGED
        numbers[stream] = number + 1
        begun, ended = not is_first, bool(page[FLAGS] & END_OF_STREAM)
    return None if ended else Fault.CUT_OFF


def _pages(path: Path) -> Iterator[tuple[bytes, bool]]:
    """The pages of a file, and whether each is complete; what is between them is skipped."""
    content, place, more = b"", 0, True
    with open_bytes(path) as file:
        while True:
            if more and len(content) - place < LARGEST:
                more = bool(piece := file.read(PIECE))
                content, place = content[place:] + piece, 0
                continue
            start = content.find(PAGE, place)
            if start < 0 and not more:
                return
            if start != place:
                place = start if start >= 0 else len(content) - len(PAGE) + 1
                continue
            size = _size(content, place)
            yield content[place : place + size], place + size <= len(content)
            place += size


def _size(content: bytes, place: int) -> int:
    """Bytes of the page that begins here; the largest possible if the file ends within its header."""
    header = content[place : place + HEADER]
    if len(header) < HEADER:
        return LARGEST
    lengths = content[place + HEADER : place + HEADER + header[-1]]
    return HEADER + header[-1] + sum(lengths)


def _is_intact(page: bytes) -> bool:
    """Whether the checksum is right: Ogg's is zlib's with all bits in reverse order, and zero at both ends."""
    zeroed = page[: CHECKSUM.start] + bytes(4) + page[CHECKSUM.stop :]
    found = zlib.crc32(zeroed.translate(REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return found.to_bytes(4, "little").translate(REVERSED)[::-1] == page[CHECKSUM]
