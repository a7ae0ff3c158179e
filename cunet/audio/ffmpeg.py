"""Decodes files with ffmpeg, and finds from its log and from the files what is missing."""

import errno
import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import soundfile

from cunet.audio import asf, frames
from cunet.audio.defects import Defect, Kind
from cunet.audio.frames import FRAMED, Stream, mend, read_frames
from cunet.errors import NO_MEMORY, UserError
from cunet.files import temporary_files_fail

# ffmpeg's formats that contain the audio itself; a playlist could point to any file on this machine.
CONTAINERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dts,eac3,flac,flv,matroska,mov,mp3,mpc,mpc8,mpeg,mpegts,ogg,tta,w64,wav,wv"
)
FROM_ZERO = ("wv", "tta")  # formats whose time begins at 0; in others, the padding of the encoder has times too
UNTRIMMED = ("-flags2", "+skip_manual")  # with the padding of the encoder, so that the number of frames is exact
INEXACT = 0.2  # seconds: the padding of encoders, and frames that end behind the sound

# In ffmpeg's log.
PROBLEM = re.compile(r"^(?:\[[^]]* @ 0x\w+\] )?\[(?:warning|error|fatal|panic)\].*", re.MULTILINE)
COMPLAINT = re.compile(r"\[(?:error|fatal|panic)\] *(.+)|(filesize and duration do not match)")
INPUT = re.compile(r"^\[info\] Input #0, ([^,]+)", re.MULTILINE)
DURATION = re.compile(r"^\[info\]   Duration: (\d+):(\d+):([\d.]+), start", re.MULTILINE)
INPUT_STREAM = re.compile(r"^\[info\]   Stream #0:\d+.*: (?:Audio|Video)", re.MULTILINE)
ESTIMATED = "Estimating duration from bitrate"
NO_ROOM = tuple(os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


@dataclass(frozen=True)
class _Log:
    """ffmpeg's first complaint, empty if none; its name of the format; the declared seconds, 0 if unknown."""

    complaint: str
    format: str
    seconds: float


def decode(path: Path, folder: Path, reason: str, limit: float | None) -> tuple[Path, Defect | None]:
    """Decode a file.

    ffmpeg skips what it cannot decode, which shifts the rest. In this case the file is decoded again, with silence in
    the gaps between its timestamps. Intact files are decoded once: some formats have inexact timestamps.

    Args:
        path: the file.
        folder: for the decoded file.
        reason: why libsndfile cannot read it.
        limit: seconds to decode; all if None.

    Returns:
        the decoded file, a WAV of 32-bit float; and what is wrong with the file, None if nothing is.

    Raises:
        UserError: ffmpeg is missing, it cannot read the file, or temporary files do not fit.
    """
    decoded, options = folder / "decoded.wav", [] if limit is None else ["-t", str(limit)]
    log = _run(path, decoded, reason, options)
    seconds = _duration(decoded)
    declared = log.seconds if limit is None else min(log.seconds, limit)
    if log.complaint:
        defect: Defect | None = Defect(Kind.DAMAGED, seconds, complaint=log.complaint)
    else:
        defect = _missing(path, log.format, seconds, declared)
    if defect is None or not seconds:
        return decoded, defect
    stream = read_frames(path) if log.format in FRAMED else None
    if stream and log.format == "mp3" and declared - seconds < INEXACT and stream.is_whole():
        counted = folder / "counted.wav"
        _run(path, counted, reason, options, UNTRIMMED)
        if _are_decoded(stream, _duration(counted), limit):
            return decoded, None  # ffmpeg complained of a tag or of zeros
        counted.unlink()  # to make room
    lost = stream is not None and bool(stream.lost())
    source = _mended(stream, folder / f"mended.{log.format}", log.seconds) if stream and lost else path
    return _filled(source, folder, reason, log.format, seconds) or decoded, defect


def _filled(source: Path, folder: Path, reason: str, container: str, seconds: float) -> Path | None:
    """A file decoded with silence in the gaps; None if this is no longer than the `seconds` without."""
    filled = folder / "filled.wav"
    bound = 2 * seconds + 60  # timestamps that claim more are damaged themselves
    first = ":first_pts=0" if container in FROM_ZERO else ""
    _run(source, filled, reason, ["-t", str(bound), "-af", f"aresample=async=1:min_hard_comp=0.01{first}"])
    return filled if seconds < _duration(filled) < bound - 0.1 else None


def _are_decoded(stream: Stream, seconds: float, limit: float | None) -> bool:
    """Whether ffmpeg decoded all frames of an MP3 file to so many seconds; it may drop one at each tag between them."""
    frame = stream.frame_seconds()
    expected = stream.sounding() * frame
    missing = min(expected, limit or expected) - seconds
    return -frame / 2 < missing < (stream.seams() + 0.5) * frame


def _duration(path: Path) -> float:
    """Duration of a decoded file in seconds."""
    return float(soundfile.info(os.fsencode(path)).duration)


def _missing(path: Path, container: str, seconds: float, declared: float) -> Defect | None:
    """What is missing at the end of a file, where ffmpeg complains of nothing; None if nothing is.

    Args:
        path: the file.
        container: ffmpeg's name of its format.
        seconds: that were decoded.
        declared: seconds that it declares; 0 if unknown.
    """
    if container in FRAMED:
        return Defect(Kind.CUT_OFF) if frames.is_cut_off(path) else None
    if container == "asf" and asf.is_cut_off(path):
        return Defect(Kind.CUT_OFF)
    if seconds and declared - seconds > INEXACT:
        return Defect(Kind.DAMAGED, seconds, complaint=f"{declared - seconds:.1f} s less than declared")
    return None


def _mended(stream: Stream, out: Path, seconds: float) -> Path:
    try:
        mend(stream, out, seconds)
    except OSError as error:
        raise temporary_files_fail(out.parent.parent, error.strerror) from None
    return out


def _run(path: Path, out: Path, reason: str, options: Sequence[str], decoding: Sequence[str] = ()) -> _Log:
    """Decode the first audio stream of a file to 32-bit float WAV, checking checksums."""
    status, log = _execute(path, out, reason, options, decoding)
    problems = "\n".join(PROBLEM.findall(log))
    if full := next((said for said in NO_ROOM if said in problems), None):
        raise temporary_files_fail(out.parent.parent, full)
    if NO_MEMORY.search(problems):
        raise MemoryError(f"ffmpeg: {os.strerror(errno.ENOMEM)}")
    complaints = [error or other for error, other in COMPLAINT.findall(problems)]
    if status and not complaints:
        complaints = [f"exit status {status}"]
    if status and not (out.is_file() and out.stat().st_size):
        said = "no audio stream" if "matches no streams" in problems else complaints[-1].rpartition(": ")[2]
        raise UserError(
            f"{path}: cannot be decoded (libsndfile: {reason}; ffmpeg: {said}). Replace or remove the file."
        )
    found = INPUT.search(log)
    return _Log(complaints[0] if complaints else "", found[1] if found else "", _declared(log))


def _execute(path: Path, out: Path, reason: str, options: Sequence[str], decoding: Sequence[str]) -> tuple[int, str]:
    """Run ffmpeg; its exit status, and its log without the names of files, which may say "Out of Memory"."""
    source = ["-protocol_whitelist", "file", "-format_whitelist", CONTAINERS, "-i", f"file:{path.resolve()}"]
    target = ["-map", "0:a:0", *options, "-c:a", "pcm_f32le", "-rf64", "auto", str(out)]
    level = ["-nostdin", "-nostats", "-hide_banner", "-v", "level+info"]
    try:
        done = subprocess.run(
            ["ffmpeg", *level, "-err_detect", "crccheck", *decoding, *source, *target],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise UserError(
            f"{path}: libsndfile cannot read it ({reason}), and ffmpeg is missing. Install ffmpeg."
        ) from None
    except BlockingIOError as error:  # the system starts no more processes
        raise MemoryError(f"ffmpeg: {error.strerror}") from None
    log = str(done.stderr)
    for name in (path.resolve(), out):
        log = log.replace(os.fsencode(name).decode("utf-8", "replace"), "")
    return done.returncode, log


def _declared(log: str) -> float:
    """The duration in seconds that a file declares for its only stream; 0 if unknown."""
    before, _, _ = log.partition("Stream mapping:")
    duration = DURATION.search(before)
    if duration is None or ESTIMATED in log or len(INPUT_STREAM.findall(before)) != 1:
        return 0
    hours, minutes, seconds = duration.groups()
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
