"""Damage in the pages of Ogg files (RFC 3533), at which libsndfile stops without an error."""

import mmap
import zlib
from pathlib import Path

from cunet.audio.wording import CUT_OFF

PAGE, HEADER = b"OggS", 27  # bytes before the segment lengths of a page (section 6)
FLAGS, SERIAL, NUMBER, CHECKSUM = 5, slice(14, 18), slice(18, 22), slice(22, 26)
BEGINNING_OF_STREAM, END_OF_STREAM = 0x02, 0x04
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))

# Where libsndfile stops without an error, and ffmpeg does not.
CHAINED, DAMAGED = "several concatenated streams", "damaged"


def fault_of_pages(path: Path) -> str:
    """What is wrong with a file: `DAMAGED`, `CHAINED` (several streams in succession) or `CUT_OFF`; else empty."""
    begun = ended = False
    numbers: dict[bytes, int] = {}  # of the next page, by stream
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        place = content.find(PAGE)
        while place >= 0:
            page = _page(content, place)
            if page is None and content.find(PAGE, place + 1) < 0:
                return CUT_OFF
            if page is None or not _is_intact(page):
                return DAMAGED
            is_first = bool(page[FLAGS] & BEGINNING_OF_STREAM)
            if begun and is_first:
                return CHAINED
            stream, number = page[SERIAL], int.from_bytes(page[NUMBER], "little")
            if numbers.get(stream, number) != number:
                return DAMAGED
            numbers[stream] = number + 1
            begun, ended = not is_first, bool(page[FLAGS] & END_OF_STREAM)
            place = content.find(PAGE, place + len(page))
    return "" if ended else CUT_OFF


def _page(content: mmap.mmap, place: int) -> bytes | None:
    """The page that begins here; None if the file ends within it."""
    header = content[place : place + HEADER]
    if len(header) < HEADER:
        return None
    lengths = content[place + HEADER : place + HEADER + header[-1]]
    stop = place + HEADER + header[-1] + sum(lengths)
    return content[place:stop] if stop <= len(content) else None


def _is_intact(page: bytes) -> bool:
    """Whether the checksum is right: Ogg's is zlib's with all bits in reverse order, and zero at both ends."""
    zeroed = page[: CHECKSUM.start] + bytes(4) + page[CHECKSUM.stop :]
    found = zlib.crc32(zeroed.translate(REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return found.to_bytes(4, "little").translate(REVERSED)[::-1] == page[CHECKSUM]
