"""Decodes files that cannot be read in pieces to a temporary file."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cunet.audio import ffmpeg, flac
from cunet.audio.defects import Defect, Kind, ends_early
from cunet.audio.libsndfile import AudioFile, SoundFile, Unread, check_bounds_of
from cunet.errors import UserError
from cunet.files import temporary_files_fail
from cunet.signals.arrays import Waveform


@contextmanager
def decode(path: Path, found: AudioFile | Unread, folder: Path, limit: float | None) -> Iterator[AudioFile]:
    """Decode a file from start to end: with libsndfile if it can read all of it, otherwise with ffmpeg.

    Args:
        path: the file.
        found: the file as libsndfile opened it, or why libsndfile cannot read it.
        folder: for temporary files.
        limit: seconds to decode; all if None.

    Raises:
        UserError: neither can decode it, it contains no samples, its sample rate or number of channels is out of
            range, or temporary files do not fit.
    """
    if isinstance(found, AudioFile):
        with _with_libsndfile(path, found, folder, limit) as audio:
            if audio:
                yield audio
                return
        found = Unread("damaged or truncated", found.found, samples_within(limit, found) / found.rate)
    with _with_ffmpeg(path, found, folder, limit) as audio:
        yield audio


@contextmanager
def _with_libsndfile(path: Path, found: AudioFile, folder: Path, limit: float | None) -> Iterator[AudioFile | None]:
    """Decode a file with libsndfile; None if it does not read all of it, which is accepted of FLAC only."""
    samples = samples_within(limit, found)
    is_flac = found.exact  # and damaged: exact files of other formats need no decoding
    blocks = flac.bridged(path, samples) if is_flac else found.blocks(samples)
    decoded = folder / "decoded.raw"
    written, silent = _write(blocks, decoded)
    if not written or (written < samples and not is_flac):
        yield None
        return
    defect = found.found
    if written < samples:
        defect = ends_early(written, samples, found.rate)
    elif silent:
        defect = Defect(Kind.LOST_PARTS, silent / found.rate)
    with SoundFile(
        os.fsencode(decoded), "r", found.rate, found.channels, format="RAW", subtype="FLOAT", endian="CPU"
    ) as file:
        yield AudioFile(file, defect)


@contextmanager
def _with_ffmpeg(path: Path, found: Unread, folder: Path, limit: float | None) -> Iterator[AudioFile]:
    """Decode a file with ffmpeg."""
    decoded, defect = ffmpeg.decode(path, folder, found.reason, limit)
    with SoundFile(os.fsencode(decoded)) as file:
        check_bounds_of(file, path)
        if not file.frames:
            raise UserError(f"{path}: contains no samples. Replace the file.")
        yield AudioFile(file, _defect(file, found, defect))


def samples_within(limit: float | None, audio: AudioFile) -> int:
    """Samples in the first `limit` seconds of a file; all if None."""
    return audio.samples if limit is None else min(audio.samples, round(limit * audio.rate))


def _write(blocks: Iterable[Waveform | int], out: Path) -> tuple[int, int]:
    """Write blocks to a raw file, where a number stands for that many samples of silence; omit silence at the end.

    Returns:
        Samples written, and how many of them are such silence.
    """
    written = silent = gap = 0
    try:
        with out.open("wb") as raw:
            for block in blocks:
                if isinstance(block, int):
                    gap += block
                    continue
                raw.seek(gap * block.shape[1] * block.itemsize, os.SEEK_CUR)
                raw.write(block.data)
                written, silent, gap = written + gap + len(block), silent + gap, 0
    except OSError as error:
        raise temporary_files_fail(out.parent.parent, error.strerror) from None
    return written, silent


def _defect(decoded: SoundFile, found: Unread, defect: Defect | None) -> Defect | None:
    """The defect of a file in which ffmpeg found one or none."""
    declared = round(found.seconds * decoded.samplerate)
    if declared > decoded.frames:
        return ends_early(decoded.frames, declared, decoded.samplerate)
    return found.defect or defect
