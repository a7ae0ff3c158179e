"""Blocks of a disk that a copy did not write: zeros, which in uncompressed audio are valid silence."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from cunet.audio.chunks import LAYOUTS, audio_start
from cunet.audio.contents import PIECE, open_bytes

BLOCK = 4096  # bytes: of file systems and memory pages; larger blocks are multiples
ABRUPT = 1e-3  # of full scale: silence that begins or ends with less may be a fade
BYTES = {"PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}  # per value


def find_hole(file: soundfile.SoundFile, path: Path, samples: int | None = None) -> tuple[float, float] | None:
    """Start and end in seconds of the first silence that fills blocks of the disk exactly; None if there is none.

    Silence that was recorded or edited begins at any sample: on a boundary of blocks in one of about 1000 cases. It
    is taken for a hole if sound stops abruptly on a boundary, and starts again abruptly on one or never. Where the
    header is padded to whole blocks, sound that was edited in powers of two does so too: only the end counts.

    Args:
        file: the open file, at its start; it is there again afterwards.
        path: its path.
        samples: how many are searched; all if None.

    Raises:
        UserError: the file cannot be read.
    """
    if file.format not in LAYOUTS or file.subtype not in BYTES:
        return None
    first = audio_start(path, file.format)
    if first is None:
        return None
    size = file.channels * BYTES[file.subtype]
    end = min(first + file.frames * size, path.stat().st_size)
    stop = end if samples is None else min(first + samples * size, end)
    found = None
    for begin, finish in _holes(path, first + -first % BLOCK, stop):
        before, after = ((place - first) // size for place in (begin, finish))
        stays = finish == end or (first % BLOCK != 0 and _is_loud(file, after + 2))
        if stays and _is_loud(file, before - 1):
            found = before / file.samplerate, after / file.samplerate
            break
    file.seek(0)
    return found


def _holes(path: Path, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Start and end of every run of zero blocks; zeros in the last, incomplete block extend it."""
    buffer = memoryview(bytearray(PIECE))
    place, begin = start, None
    with open_bytes(path) as file:
        file.seek(start)
        while size := file.readinto(buffer[: max(stop - place, 0)]):  # type: ignore[attr-defined]
            blocks = np.frombuffer(buffer[: size // BLOCK * BLOCK], np.uint64).reshape(-1, BLOCK // 8)
            zero = ~blocks.any(axis=1)
            for number in np.flatnonzero(np.diff(zero, prepend=begin is not None)):
                edge = place + int(number) * BLOCK
                if begin is not None:
                    yield begin, edge
                begin = edge if begin is None else None
            place += size
            rest = size % BLOCK
            if begin is not None and any(buffer[size - rest : size]):
                yield begin, place - rest
                begin = None
    if begin is not None:
        yield begin, place


def _is_loud(file: soundfile.SoundFile, place: int) -> bool:
    """Whether there is sound right at a sample, which the boundary of a block may cut in two."""
    if not 0 <= place < file.frames:
        return False
    file.seek(max(place - 1, 0))
    return bool(np.abs(file.read(2, np.float32, always_2d=True)).max(axis=1).min() > ABRUPT)
