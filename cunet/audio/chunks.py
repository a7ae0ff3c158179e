"""The chunks of uncompressed files, and where the audio begins."""

from pathlib import Path
from typing import Literal, NamedTuple

from cunet.audio.contents import open_bytes

MOST_CHUNKS = 10_000


class Layout(NamedTuple):
    """How the chunks of a format follow each other: the sizes of all parts are in bytes.

    Attributes:
        first: where the first chunk begins.
        identifier: size of the identifier, which begins a chunk.
        length: size of the length, which follows.
        order: order of its bytes.
        alignment: chunks begin at multiples of it.
        counted: the part of the length that counts identifier and length.
        marker: how the identifier of the audio begins.
        skipped: size of what precedes the audio in its chunk.
    """

    first: int
    identifier: int
    length: int
    order: Literal["little", "big"]
    alignment: int
    counted: int
    marker: bytes
    skipped: int


RIFF = Layout(12, 4, 4, "little", 2, 0, b"data", 0)
LAYOUTS = {  # by libsndfile's name of the format
    **dict.fromkeys(("WAV", "WAVEX", "RF64"), RIFF),
    "AIFF": Layout(12, 4, 4, "big", 2, 0, b"SSND", 8),
    "CAF": Layout(8, 4, 8, "big", 1, 0, b"data", 4),
    "W64": Layout(40, 16, 8, "little", 8, 24, b"data", 0),
}


def audio_start(path: Path, kind: str) -> int | None:
    """Where the audio of a file begins, in bytes; None if its chunks do not lead there.

    Args:
        path: the file.
        kind: libsndfile's name of its format, one of `LAYOUTS`.

    Raises:
        UserError: the file cannot be read.
    """
    layout = LAYOUTS[kind]
    with open_bytes(path) as file:
        order = "big" if file.read(4) == b"RIFX" else layout.order
        place = layout.first
        for _ in range(MOST_CHUNKS):
            file.seek(place)
            head = file.read(layout.identifier + layout.length)
            if len(head) < layout.identifier + layout.length:
                return None
            if head.startswith(layout.marker):
                return place + len(head) + layout.skipped
            size = int.from_bytes(head[layout.identifier :], order) - layout.counted
            place += len(head) + max(size, 0)
            place += -place % layout.alignment
    return None
