"""Finds defects of files in their headers, from libsndfile's log of them."""

import re
from pathlib import Path

import soundfile

from cunet.audio.defects import Defect, Kind, ends_early

LONGEST = 2**40  # samples; streams of unknown length declare more

# What libsndfile logs about files that are shorter than their headers declare: declared and actual bytes; declared
# samples; or only the fact. Lines without an indent call intact GSM files truncated and count padding in SDS.
SIZES = re.compile(
    r"^ *(?:data|SSND|BODY|Data Size|Data length|riff|Riff size)[ :]+(\d+) \(?should be (\d+)\)?$", re.MULTILINE
)
SLACK = 64  # bytes of tolerance: some programs count headers and padding
SAMPLES = re.compile(r"^ +(?:Frames|Rows : \d+ +Cols) *: (\d+)$", re.MULTILINE)
CUT = re.compile(r"Seems to be a truncated file|[Ff]ile seems to be truncated")
NOT_CLOSED = "wasn't closed properly"
STRAY = re.compile(r"Unknown chunk marker .* at position (\d+)")  # audio behind the declared length, read as a chunk


def find_defect(file: soundfile.SoundFile, path: Path) -> Defect | None:
    """The defect of a file; None if its header shows none."""
    log = file.extra_info
    if (declared := _declared(file)) > file.frames:
        return ends_early(file.frames, declared, file.samplerate)
    if NOT_CLOSED in log:
        return Defect(Kind.UNCLOSED)
    if file.format in ("WAV", "WAVEX") and (stray := STRAY.search(log)) and path.stat().st_size > 2 * int(stray[1]):
        return Defect(Kind.TOO_SHORT)
    return Defect(Kind.CUT_OFF) if CUT.search(log) else None


def _declared(file: soundfile.SoundFile) -> int:
    """The largest number of samples that the header of a file declares; 0 if none."""
    lengths = [int(samples) for samples in SAMPLES.findall(file.extra_info) if not _is_placeholder(int(samples))]
    for sizes in SIZES.findall(file.extra_info):
        declared, actual = map(int, sizes)
        if actual and declared - actual > SLACK and not _is_placeholder(declared):
            lengths.append(round(file.frames * declared / actual))
    return max(lengths, default=0)


def _is_placeholder(length: int) -> bool:
    """Whether a length stands for "unknown", as written by programs in a pipe (0xFFFFFFFF, 0x7FFFF000)."""
    return length == 0 or length >= LONGEST or any(abs(length - 2**bits) < 2**16 for bits in (31, 32))
