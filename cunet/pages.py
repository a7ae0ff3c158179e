"""Pages of Ogg files (RFC 3533), in which damage shows: libsndfile ends at a damaged page without an error."""

import mmap
import zlib
from pathlib import Path

PAGE, HEADER = b"OggS", 27  # bytes before the segment lengths of a page (section 6)
BEGINNING_OF_STREAM, END_OF_STREAM = 0x02, 0x04
SERIAL, NUMBER, CHECKSUM = slice(14, 18), slice(18, 22), slice(22, 26)
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))

CUT_OFF = "is truncated: its end is missing"
CHAINED = "several concatenated streams"
DAMAGED = "is damaged: parts of it are silent or missing"


def fault_of_pages(path: Path) -> str | None:
    """What is wrong with an Ogg file: damaged, several streams one after the other, or cut off; None if nothing is."""
    begun = ended = damaged = False
    numbers: dict[bytes, int] = {}  # of the page that follows, by stream
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        place = content.find(PAGE)
        while place >= 0:
            page = _page(content, place)
            if page is None and content.find(PAGE, place + 1) < 0:
                return DAMAGED if damaged else CUT_OFF
            header = (page or b"")[:HEADER]
            if page is None or not _is_intact(page):
                damaged, stop = True, place + len(PAGE)  # its length may be wrong
            elif begun and header[5] & BEGINNING_OF_STREAM:
                return DAMAGED if damaged else CHAINED
            else:
                stream, number = header[SERIAL], int.from_bytes(header[NUMBER], "little")
                damaged = damaged or numbers.get(stream, number) != number
                numbers[stream] = number + 1
                begun, ended = not header[5] & BEGINNING_OF_STREAM, bool(header[5] & END_OF_STREAM)
                stop = place + len(page)
            place = content.find(PAGE, stop)
    if damaged:
        return DAMAGED
    return None if ended else CUT_OFF


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
