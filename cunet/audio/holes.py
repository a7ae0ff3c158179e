"""Blocks of a disk that a copy did not write: zeros, which in uncompressed audio are valid silence."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

BLOCK = 4096  # bytes: of file systems and memory pages; larger blocks are multiples
ABRUPT = 1e-3  # of full scale: silence that begins or ends with less may be a fade
# Bytes from a marker to the audio, by libsndfile's format.
MARKERS = {
    **dict.fromkeys(("WAV", "WAVEX", "RF64"), (b"data", 8)),
    **{"AIFF": (b"SSND", 16), "CAF": (b"data", 16), "W64": (b"data", 24)},
}
BYTES = {"PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}  # per value


def find_hole(file: soundfile.SoundFile, path: Path) -> tuple[float, float] | None:
    """Start and end in seconds of the first silence that fills blocks of the disk exactly; None if there is none.

    Silence that was recorded or edited begins at any sample: on a boundary of blocks in one of about 1000 cases. It
    is taken for a hole if sound stops abruptly on a boundary, and starts again abruptly on one or never.
    """
    if file.format not in MARKERS or file.subtype not in BYTES:
        return None
    content = np.memmap(path, np.uint8, "r")
    marker, skip = MARKERS[file.format]
    first = bytes(content[: 16 * BLOCK]).find(marker) + skip
    if first < skip:
        return None
    size = file.channels * BYTES[file.subtype]
    stop = min(first + file.frames * size, len(content))
    found = None
    for begin, end in _holes(content[:stop]):
        start, finish = ((place - first) // size for place in (begin, end))
        if _is_loud(file, start - 1) and (end == stop or _is_loud(file, finish + 2)):
            found = start / file.samplerate, finish / file.samplerate
            break
    file.seek(0)
    return found


def _holes(content: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> Iterator[tuple[int, int]]:
    """Start and end of every run of zero blocks; zeros in the last, incomplete block extend it."""
    whole = len(content) // BLOCK
    zero = ~content[: whole * BLOCK].view(np.uint64).reshape(whole, BLOCK // 8).any(axis=1)
    edges = np.flatnonzero(np.diff(zero.astype(np.int8), prepend=0, append=0))
    for first, last in edges.reshape(-1, 2):
        to_end = last == whole and not content[whole * BLOCK :].any()
        yield int(first) * BLOCK, len(content) if to_end else int(last) * BLOCK


def _is_loud(file: soundfile.SoundFile, place: int) -> bool:
    """Whether there is sound right at a sample, which the boundary of a block may cut in two."""
    if not 0 <= place < file.frames:
        return False
    file.seek(max(place - 1, 0))
    return bool(np.abs(file.read(2, np.float32, always_2d=True)).max(axis=1).min() > ABRUPT)
