"""Audio files of any format and length, read whole or piece by piece: the only reader of songs and stems."""

import errno
import os
import re
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from cunet.blocks import unwritten
from cunet.errors import NO_MEMORY, UserError
from cunet.files import temporary_files_fail, temporary_folder
from cunet.frames import STREAMS, Stream, find_frames, is_cut_off, mend
from cunet.pages import CHAINED, CUT_OFF, DAMAGED, fault_of_pages
from cunet.quiet import quiet
from cunet.signals.arrays import Waveform

BLOCK = 2**16  # samples decoded at a time; fits the cache
STEP = 2**12  # samples of damaged files decoded at a time; a usual frame of FLAC
LOWEST_RATE, HIGHEST_RATE = 1_000, 1_000_000  # Hz
MOST_CHANNELS = 64
LARGEST_WHOLE = 2**30  # float32 values: more than three hours of CD audio
LONGEST = 2**40  # samples; streams of unknown length declare more

# ffmpeg's formats that contain the audio itself; a playlist could point to any file on this machine.
CONTAINERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dts,eac3,flac,flv,matroska,mov,mp3,mpc,mpc8,mpeg,mpegts,ogg,tta,w64,wav,wv"
)
# Formats that can be read in pieces: FLAC, and those with a fixed position for every sample. In others, seeking is
# inexact (Vorbis) or impossible (GSM).
EXACT_FORMATS = ("WAV", "WAVEX", "W64", "RF64", "AIFF", "AU", "CAF", "FLAC", "SVX", "NIST", "RAW")
EXACT_ENCODINGS = ("PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")
GUESSED = ("MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III")  # libsndfile guesses their length without a header

# What libsndfile logs about files that are shorter than their headers declare: declared and actual bytes; declared
# samples; or only the fact. Lines without an indent call intact GSM files truncated and count padding in SDS.
SIZES = re.compile(
    r"^ *(?:data|SSND|BODY|Data Size|Data length|riff|Riff size)[ :]+(\d+) \(?should be (\d+)\)?$", re.MULTILINE
)
SLACK = 64  # bytes of tolerance: some programs count headers and padding
SAMPLES = re.compile(r"^ +(?:Frames|Rows : \d+ +Cols) *: (\d+)$", re.MULTILINE)
CUT = re.compile(r"Seems to be a truncated file|[Ff]ile seems to be truncated")
NOT_CLOSED = "wasn't closed properly"
STRAY = re.compile(r"Unknown chunk marker .* at position (\d+)")
PROBLEM = re.compile(r"^(?:\[[^]]* @ 0x\w+\] )?\[(?:warning|error|fatal|panic)\].*", re.MULTILINE)
COMPLAINT = re.compile(r"\[(?:error|fatal|panic)\] *(.+)|(filesize and duration do not match)")
INPUT = re.compile(r"^\[info\] Input #0, ([^,]+)", re.MULTILINE)
DURATION = re.compile(r"^\[info\]   Duration: (\d+):(\d+):([\d.]+), start", re.MULTILINE)
INPUT_STREAM = re.compile(r"^\[info\]   Stream #0:\d+.*: (?:Audio|Video)", re.MULTILINE)
ESTIMATED = "Estimating duration from bitrate"
FROM_ZERO = ("wv", "tta")  # formats whose time begins at 0; in others, the padding of the encoder has times too
INEXACT = 0.2  # seconds: the padding of encoders, and frames that end behind the sound
NO_ROOM = tuple(os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG))

TOO_SHORT = "declares less audio in its header than it contains: only the declared part is used"
UNCLOSED = "declares no length in its header, as after a crash: all samples up to its end are used"
HOLE = (
    "is silent from {:.1f} to {:.1f} s, exactly in blocks of the disk, like an incomplete copy (if the silence is "
    "intended, convert the file to FLAC)"
)
MALFORMED = "is malformed and may be truncated: only the part that can be decoded is used"


class Audio(ABC):
    """Audio that is read piece by piece; silence before its start and after its end.

    Attributes:
        rate: sample rate in Hz.
        samples: length in samples.
        channels: number of channels.
        remarks: defects of a file that can still be read; each completes a sentence that begins with its name.
    """

    rate: int
    samples: int
    channels: int
    remarks: tuple[str, ...] = ()

    def read(self, start: int, stop: int) -> Waveform:
        """Samples `start` to `stop`, `(stop - start, channels)` float32; both may lie outside the audio."""
        first, last = (min(max(place, 0), self.samples) for place in (start, stop))
        piece = self._read(first, last) if first < last else np.zeros((0, self.channels), np.float32)
        if len(piece) == stop - start:
            return piece
        before = min(max(-start, 0), stop - start)
        return np.pad(piece, ((before, stop - start - before - len(piece)), (0, 0)))

    @abstractmethod
    def _read(self, start: int, stop: int) -> Waveform:
        """The same, for positions inside the audio."""


class _SoundFile(soundfile.SoundFile):
    """A file that is read sequentially, without a seek between reads.

    soundfile seeks to the current position after every read: DWVW cannot seek, and Vorbis lands on other samples.
    """

    def seekable(self) -> bool:
        return False


class AudioFile(Audio):
    """A file that libsndfile reads.

    Attributes:
        encoding: sample encoding, in libsndfile's terms.
        exact: whether it can be read in pieces; otherwise it can be read once, from start to end.
    """

    def __init__(self, file: _SoundFile, remarks: tuple[str, ...] = ()) -> None:
        self.rate, self.samples, self.channels = file.samplerate, file.frames, file.channels
        self.encoding, self.remarks = file.subtype, remarks
        self.exact = file.format in EXACT_FORMATS and file.subtype in EXACT_ENCODINGS
        self._file, self._position = file, 0

    def blocks(self, samples: int) -> Iterator[Waveform]:
        """The first `samples`, in blocks; fewer if the file is damaged. Each block overwrites the previous one."""
        block, done = np.empty((BLOCK, self.channels), np.float32), 0
        with suppress(soundfile.LibsndfileError):
            if self._position:
                self._file.seek(0)
            self._position = -1  # unknown
            while done < samples and (some := self._fill(block[: samples - done])):
                yield block[:some]
                done += some

    def is_whole(self, samples: int) -> bool:
        """Whether this many samples can be read; in FLAC, only decoding reveals damage."""
        return self._file.format != "FLAC" or sum(map(len, self.blocks(samples))) == samples

    def _read(self, start: int, stop: int) -> Waveform:
        waveform = np.empty((stop - start, self.channels), np.float32)
        try:
            if start != self._position:
                self._file.seek(start)
            self._position = start + self._fill(waveform)
        except soundfile.LibsndfileError as error:
            self._position = -1
            raise UserError(f"is damaged or truncated ({_words(error)})") from None
        if self._position < stop:
            raise UserError(f"is damaged: it ends after {self._position} of {self.samples} samples")
        return waveform

    def _fill(self, out: Waveform) -> int:
        """Fill `out` as far as the file goes; 16-bit samples are scaled here, twice as fast as in libsndfile."""
        if self.encoding != "PCM_16":
            return len(self._file.read(out=out))
        block = np.empty((min(BLOCK, len(out)), self.channels), np.int16)
        done = 0
        while done < len(out) and len(some := self._file.read(out=block[: len(out) - done])):
            np.multiply(some, np.float32(2**-15), out=out[done : done + len(some)])
            done += len(some)
        return done


@dataclass(frozen=True)
class _Unread:
    """Why libsndfile cannot read a file, remarks in case ffmpeg can, and the declared seconds, if known."""

    reason: str
    remarks: tuple[str, ...] = ()
    seconds: float = 0


@contextmanager
def open_audio(path: Path, longest: float | None = None) -> Iterator[AudioFile]:
    """Open a file with libsndfile or ffmpeg; decode it to a temporary file if it cannot be read in pieces.

    Args:
        path: the file.
        longest: seconds that are needed; only these and one second more have to be intact.

    Raises:
        UserError: neither can read it, it contains no samples, its sample rate or number of channels is out of range,
            or temporary files do not fit.
    """
    with _opened(path) as found:
        if isinstance(found, AudioFile) and found.exact and found.is_whole(_wanted(found, longest)):
            yield found
        else:
            with temporary_folder() as folder, _decoded(path, found, folder, longest) as audio:
                yield audio


def read_audio(path: Path) -> tuple[Waveform, int]:
    """Read a whole audio file: `(samples, channels)` float32, and its sample rate in Hz.

    Raises:
        UserError: as `open_audio`; or the file is damaged, truncated or too long, or contains NaN or infinite values.
    """
    with _sequential(path) as audio:
        if audio.remarks:
            raise UserError(f"{path}: {audio.remarks[0]}. Replace the file.")
        if audio.samples * audio.channels > LARGEST_WHOLE:
            hours = audio.samples / audio.rate / 3600
            raise UserError(f"{path}: is too long to read at once ({hours:.1f} h). Split it.")
        try:
            waveform = audio.read(0, audio.samples)
        except UserError as error:
            raise UserError(f"{path}: {error}. Replace the file.") from None
    if audio.encoding != "PCM_16" and not np.isfinite(waveform).all():  # integers are always finite
        raise UserError(f"{path}: contains NaN or infinite values. Replace the file.")
    return waveform, audio.rate


def read_duration(path: Path) -> float:
    """Duration of a file in seconds; the file is decoded only if its header does not give it.

    Raises:
        UserError: as `open_audio`.
    """
    with _sequential(path) as audio:
        return audio.samples / audio.rate


def check_bounds(rate: int, channels: int) -> None:
    """Check sample rate and number of channels before any memory is allocated.

    Raises:
        UserError: the rate in Hz or the number of channels is out of range; the text completes a sentence.
    """
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise UserError(f"has a sample rate of {rate} Hz. Convert it to between {LOWEST_RATE} and {HIGHEST_RATE} Hz.")
    if channels > MOST_CHANNELS:
        raise UserError(f"has {channels} channels. Convert it to {MOST_CHANNELS} or fewer.")


@contextmanager
def _sequential(path: Path) -> Iterator[AudioFile]:
    """Open a file for sequential reading; decode it to a temporary file only if libsndfile cannot read it."""
    with _opened(path) as found:
        if isinstance(found, AudioFile):
            yield found
        else:
            with open_audio(path) as audio:
                yield audio


@contextmanager
def _opened(path: Path) -> Iterator[AudioFile | _Unread]:
    """Open a file with libsndfile, or tell why libsndfile cannot.

    Raises:
        UserError: it is missing, empty or not accessible, or its sample rate or number of channels is out of range.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    try:
        with path.open("rb") as content:
            if not content.read(1):
                raise UserError(f"{path}: is empty. Replace the file.")
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        with quiet():  # the MP3 decoder reports tags that it does not understand
            file = _SoundFile(os.fsencode(path))
    except soundfile.LibsndfileError as error:
        malformed = error.code == 3  # SF_ERR_MALFORMED_FILE: the format is known
        yield _Unread(_words(error), (MALFORMED,) if malformed else ())
        return
    except (TypeError, ValueError) as error:  # a suffix such as .raw, which does not identify the format
        yield _Unread(str(error))
        return
    with file:
        _check_bounds_of(file, path)
        if not file.frames:
            yield _Unread("no samples", (UNCLOSED,))
            return
        remarks = _remarks(file, path)
        if CHAINED in remarks:
            yield _Unread(CHAINED)  # ffmpeg reads all of them
        elif DAMAGED in remarks:
            yield _Unread("damaged")  # libsndfile ends at the damage
        elif file.frames >= LONGEST or file.subtype in GUESSED:
            yield _Unread("unknown length", remarks)
        else:
            yield AudioFile(file, remarks)


def _check_bounds_of(file: _SoundFile, path: Path) -> None:
    try:
        check_bounds(file.samplerate, file.channels)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def _words(error: soundfile.LibsndfileError) -> str:
    """Why libsndfile cannot read an existing file."""
    said = str(error.error_string).removeprefix("Error : ").rstrip(".")
    return "unknown format" if said.startswith("File does not exist") else said  # of text in a file named .mp3


def _remarks(file: _SoundFile, path: Path) -> tuple[str, ...]:
    """Defects of a file that libsndfile can read."""
    log = file.extra_info
    promises = [int(promise) for promise in SAMPLES.findall(log) if not _is_placeholder(int(promise))]
    for promised, found in ((int(promised), int(found)) for promised, found in SIZES.findall(log)):
        if found and promised - found > SLACK and not _is_placeholder(promised):
            promises.append(round(file.frames * promised / found))
    if (promise := max(promises, default=0)) > file.frames:
        return (_ends_early(file.frames, promise, file.samplerate),)
    if NOT_CLOSED in log:
        return (UNCLOSED,)
    if file.format == "OGG":
        fault = fault_of_pages(path)
        return (fault,) if fault else ()
    if file.format in ("WAV", "WAVEX") and (stray := STRAY.search(log)) and path.stat().st_size > 2 * int(stray[1]):
        return (TOO_SHORT,)
    if hole := unwritten(file, path):
        return (HOLE.format(*hole),)
    return (CUT_OFF,) if CUT.search(log) else ()


def _is_placeholder(length: int) -> bool:
    """Whether a length stands for "unknown", as written by programs in a pipe (0xFFFFFFFF, 0x7FFFF000)."""
    return length == 0 or length >= LONGEST or any(abs(length - 2**bits) < 2**16 for bits in (31, 32))


def _ends_early(samples: int, promise: int, rate: int) -> str:
    return (
        f"ends after {samples / rate:.1f} s of the {promise / rate:.1f} s that its header declares "
        f"({promise - samples} samples are missing)"
    )


def _wanted(audio: Audio, longest: float | None) -> int:
    return audio.samples if longest is None else min(audio.samples, round((longest + 1) * audio.rate))


@contextmanager
def _decoded(path: Path, found: AudioFile | _Unread, folder: Path, longest: float | None) -> Iterator[AudioFile]:
    """Decode a file from start to end: with libsndfile if it can read all of it, otherwise with ffmpeg."""
    if isinstance(found, AudioFile):
        wanted, copy = _wanted(found, longest), folder / "decoded.raw"
        copied, silent = _copy(_bridged(path, wanted) if found.exact else found.blocks(wanted), copy)
        if copied == wanted or (found.exact and copied):
            fault = _ends_early(copied, wanted, found.rate) if copied < wanted else _is_silent(silent, found.rate)
            with _SoundFile(
                os.fsencode(copy), "r", found.rate, found.channels, format="RAW", subtype="FLOAT", endian="CPU"
            ) as file:
                yield AudioFile(file, (fault,) if fault else found.remarks)
            return
        found = _Unread("damaged or truncated", found.remarks, wanted / found.rate)
    decoded, complaint = _decode_by_ffmpeg(path, folder, found.reason, longest)
    with _SoundFile(os.fsencode(decoded)) as file:
        _check_bounds_of(file, path)
        if not file.frames:
            raise UserError(f"{path}: contains no samples. Replace the file.")
        seconds = file.frames / file.samplerate
        damage = f"is damaged (ffmpeg: {complaint}): {seconds:.1f} s could be decoded; the rest is silent or missing"
        remarks = found.remarks or ((complaint if complaint == CUT_OFF else damage,) if complaint else ())
        if (promise := round(found.seconds * file.samplerate)) > file.frames:
            remarks = (_ends_early(file.frames, promise, file.samplerate),)
        yield AudioFile(file, remarks)


def _copy(blocks: Iterator[Waveform | int], copy: Path) -> tuple[int, int]:
    """Write blocks, or so many samples of silence, to a temporary file; return how many samples, and how many silent.

    Silence at the end is not written.
    """
    copied = silent = waiting = 0
    try:
        with copy.open("wb") as raw:
            for block in blocks:
                if isinstance(block, int):
                    waiting += block
                    continue
                raw.seek(waiting * block.shape[1] * block.itemsize, os.SEEK_CUR)
                raw.write(block.data)
                copied, silent, waiting = copied + waiting + len(block), silent + waiting, 0
    except OSError as error:
        raise temporary_files_fail(copy.parent.parent, error.strerror) from None
    return copied, silent


def _bridged(path: Path, samples: int) -> Iterator[Waveform | int]:
    """The first `samples` of a damaged FLAC file: blocks, and the number of samples that cannot be decoded."""
    place = 0
    while place < samples:
        with suppress(soundfile.LibsndfileError), _SoundFile(os.fsencode(path)) as file:
            file.seek(place)
            while len(block := file.read(min(STEP, samples - place), np.float32, always_2d=True)):
                place += len(block)
                yield block
        if place < samples:
            damaged = _damaged(path, place, samples)
            place += damaged
            yield damaged


def _damaged(path: Path, place: int, samples: int) -> int:
    """How many samples from here cannot be decoded: doubles until something can, then halves."""
    last = (samples - 1 - place) // STEP
    damaged, intact = 0, 1
    while intact < last and not _can_be_decoded(path, place + intact * STEP):
        damaged, intact = intact, 2 * intact
    if intact >= last:
        intact = last
        if not _can_be_decoded(path, place + intact * STEP):
            return samples - place
    while intact - damaged > 1:
        middle = (damaged + intact) // 2
        if _can_be_decoded(path, place + middle * STEP):
            intact = middle
        else:
            damaged = middle
    return intact * STEP


def _can_be_decoded(path: Path, place: int) -> bool:
    try:
        with _SoundFile(os.fsencode(path)) as file:
            file.seek(place)
            return len(file.read(STEP)) > 0
    except soundfile.LibsndfileError:
        return False


def _is_silent(samples: int, rate: int) -> str:
    return f"is damaged: {samples / rate:.1f} s of it cannot be decoded and are silent" if samples else ""


def _decode_by_ffmpeg(path: Path, folder: Path, reason: str, longest: float | None) -> tuple[Path, str]:
    """The decoded file, and what is wrong with it, if anything: ffmpeg's first complaint, or that its end is missing.

    ffmpeg skips what it cannot decode, which shifts the rest. In this case the file is decoded again, with silence in
    the gaps between its timestamps. Intact files are decoded once: some formats have inexact timestamps.
    """
    decoded, filled, source = folder / "decoded.wav", folder / "filled.wav", path
    limit = [] if longest is None else ["-t", str(longest + 1)]
    said = _ffmpeg(path, decoded, reason, limit)
    complaint, seconds = said.complaint, soundfile.info(os.fsencode(decoded)).duration
    declared = said.seconds if longest is None else min(said.seconds, longest + 1)
    if said.kind in STREAMS:
        stream = find_frames(path.read_bytes())
        if stream.cut_off:
            complaint = complaint or CUT_OFF
        if complaint and stream.lost():
            source = folder / f"mended.{said.kind}"
            _write_mended(stream, source, said.seconds)
    elif said.kind == "asf" and not complaint and is_cut_off(path):
        complaint = CUT_OFF
    elif not complaint and 0 < seconds < declared - INEXACT:
        complaint = f"{declared - seconds:.1f} s less than declared"
    if complaint and seconds:
        bound = 2 * seconds + 60  # timestamps that claim more are damaged themselves
        first = ":first_pts=0" if said.kind in FROM_ZERO else ""
        options = ["-t", str(bound), "-af", f"aresample=async=1:min_hard_comp=0.01{first}"]
        _ffmpeg(source, filled, reason, options)
        if seconds < soundfile.info(os.fsencode(filled)).duration < bound - 0.1:
            return filled, complaint
    return decoded, complaint


def _write_mended(stream: Stream, path: Path, seconds: float) -> None:
    try:
        mend(stream, path, seconds)
    except OSError as error:
        raise temporary_files_fail(path.parent.parent, error.strerror) from None


@dataclass(frozen=True)
class _Said:
    """ffmpeg's first complaint, or an empty text; its name of the format; the declared seconds, if known."""

    complaint: str
    kind: str
    seconds: float


def _ffmpeg(path: Path, out: Path, reason: str, options: Sequence[str]) -> _Said:
    """Decode the first audio stream of a file to 32-bit float WAV, checking checksums."""
    source = ["-protocol_whitelist", "file", "-format_whitelist", CONTAINERS, "-i", f"file:{path.resolve()}"]
    target = ["-map", "0:a:0", *options, "-c:a", "pcm_f32le", "-rf64", "auto", str(out)]
    log = ["-nostdin", "-nostats", "-hide_banner", "-v", "level+info"]
    try:
        done = subprocess.run(
            ["ffmpeg", *log, "-err_detect", "crccheck", *source, *target],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise UserError(
            f"{path}: libsndfile cannot read it ({reason}), and ffmpeg is missing. Install ffmpeg."
        ) from None
    problems = "\n".join(PROBLEM.findall(done.stderr))
    if full := next((said for said in NO_ROOM if said in problems), None):
        raise temporary_files_fail(out.parent.parent, full)
    if NO_MEMORY.search(problems):
        raise MemoryError(f"ffmpeg: {os.strerror(errno.ENOMEM)}")
    complaints = [error or other for error, other in COMPLAINT.findall(problems)]
    if done.returncode and not complaints:
        complaints = [f"exit status {done.returncode}"]
    if done.returncode and not (out.is_file() and out.stat().st_size):
        said = complaints[-1].rpartition(": ")[2]
        said = "no audio stream" if "matches no streams" in problems else said
        raise UserError(
            f"{path}: cannot be decoded (libsndfile: {reason}; ffmpeg: {said}). Replace or remove the file."
        )
    kind = INPUT.search(done.stderr)
    return _Said(complaints[0] if complaints else "", kind[1] if kind else "", _declared(done.stderr))


def _declared(log: str) -> float:
    """The duration in seconds that a file declares for its only stream; 0 if none is known."""
    before, _, _ = log.partition("Stream mapping:")
    duration = DURATION.search(before)
    if duration is None or ESTIMATED in log or len(INPUT_STREAM.findall(before)) != 1:
        return 0
    hours, minutes, seconds = duration.groups()
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
