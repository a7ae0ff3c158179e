"""Damaged FLAC files: what libsndfile can decode of them, with the length of each part that it cannot."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice, pairwise
from pathlib import Path

import numpy as np
import soundfile

from cunet.audio.contents import PIECE, open_bytes
from cunet.audio.libsndfile import SoundFile
from cunet.signals.arrays import Waveform

PATIENCE = 8  # frames that are tried one after the other; then ever more are skipped, to end in time
# The header of a frame (RFC 9639, section 9.1): sync code and blocking strategy; sizes and rates; a number.
SYNC = re.compile(rb"\xff[\xf8\xf9][\x10-\xff][\x00-\xaf]")
MOST_STRAYS = 10**5  # bytes that only look like a header: sound has one in 50,000 bytes
LONGEST_HEADER = 16  # bytes, with the checksum
BLOCK_SIZE = 10  # where the stream's header holds the largest number of samples in a frame, after its marker


def bridged(path: Path, samples: int) -> Iterator[Waveform | int]:
    """The first `samples` of a damaged file: blocks of `(samples, channels)`, and numbers of samples that are lost.

    libsndfile decodes up to the first damaged frame; then it continues from the next one that can be decoded.

    Raises:
        UserError: the file cannot be read.
    """
    step = _block_size(path)
    frames = _frames(path, step)
    place = decoded = failures = 0
    while place < samples:
        with suppress(soundfile.LibsndfileError), SoundFile(os.fsencode(path)) as file:
            file.seek(place)
            while len(block := file.read(min(step, samples - place), np.float32, always_2d=True)):
                if place > decoded:
                    yield place - decoded
                place = decoded = place + len(block)
                failures = 0
                yield block
        if place < samples:
            later = (start for start in frames if start > place)
            place = next(islice(later, failures // PATIENCE, None), samples)
            failures += 1
    if decoded < samples:
        yield samples - decoded


def _block_size(path: Path) -> int:
    """Samples in a frame; the most, if it varies."""
    with open_bytes(path) as file:
        head = file.read(PIECE)
    place = head.find(b"fLaC") + BLOCK_SIZE
    return int.from_bytes(head[place : place + 2]) or 2**12


def _frames(path: Path, size: int) -> Iterator[int]:
    """The first sample of every frame whose header is intact, in ascending order.

    Sound may look like a header, with a random number: one that is larger than the next is dropped.
    """
    last = 0
    for start, following in pairwise(chain(_headers(path, size), [2**63])):
        if last <= start < following:
            last = start
            yield start


def _headers(path: Path, size: int) -> Iterator[int]:
    """The numbers in headers with the right checksum, as samples."""
    rest, strays = b"", 0
    with open_bytes(path) as file:
        while piece := file.read(PIECE):
            content = rest + piece
            for found in SYNC.finditer(content, 0, len(content) - LONGEST_HEADER):
                number = _number(content[found.start() : found.start() + LONGEST_HEADER])
                if number is not None:
                    yield number if content[found.start() + 1] & 1 else number * size
                elif (strays := strays + 1) > MOST_STRAYS:
                    return
            rest = content[-LONGEST_HEADER - 3 :]  # matches have four bytes


def _number(header: bytes) -> int | None:
    """The number of a frame, or of its first sample if their size varies; None if this is no header."""
    lead = header[4]
    more = max(8 - (lead ^ 0xFF).bit_length() - 1, 0)  # bytes, coded as in UTF-8
    length = 5 + more + {6: 1, 7: 2}.get(header[2] >> 4, 0) + {12: 1, 13: 2, 14: 2}.get(header[2] & 15, 0)
    if length >= len(header) or _checksum(header[:length]) != header[length]:
        return None
    number = lead & 0x7F if not more else lead & (0x3F >> more)
    for byte in header[5 : 5 + more]:
        number = number << 6 | byte & 0x3F
    return number


def _checksum(header: bytes) -> int:
    """CRC-8 with the polynomial x^8 + x^2 + x + 1."""
    value = 0
    for byte in header:
        value ^= byte
        for _ in range(8):
            value = (value << 1 ^ 0x07 * (value >> 7)) & 0xFF
    return value
