"""Audio in pieces that a browser fetches and decodes one by one: a song of any length fits its memory."""

from io import BytesIO
from pathlib import Path

import soundfile

from cunet.audio.pieces import Audio
from cunet.separate.audio import Downmix

PIECE = 10  # seconds
FASTEST = 0.0  # compression level of FLAC


def write_pieces(audio: Audio, path: Path) -> list[int]:
    """Write FLAC files of `PIECE` seconds each, one after another: 16 bits, mono or stereo.

    Returns:
        bytes where they begin, and where the last ends.
    """
    heard = audio if audio.channels <= 2 else Downmix(audio)
    edges = [0]
    with path.open("wb") as file:
        for start in range(0, audio.samples, PIECE * audio.rate):
            written = BytesIO()
            samples = heard.read(start, min(start + PIECE * audio.rate, audio.samples)).clip(-1, 1)
            soundfile.write(written, samples, audio.rate, "PCM_16", format="FLAC", compression_level=FASTEST)
            edges.append(edges[-1] + file.write(written.getvalue()))
    return edges
