"""Audio files of any format and length, read whole or piece by piece: the one reader of songs and stems."""

import errno
import mmap
import os
import re
import subprocess
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from cunet.errors import UserError
from cunet.files import temporary_files_fail, temporary_folder
from cunet.signals.arrays import Waveform

OPENING = threading.Lock()  # two threads would restore each other's standard error
BLOCK = 2**16  # samples decoded at a time, that fit the cache
LOWEST_RATE, HIGHEST_RATE = 1_000, 1_000_000  # Hz
MOST_CHANNELS = 64
LARGEST_WHOLE = 2**30  # values, of 4 bytes: more than three hours of CD audio
LONGEST = 2**40  # samples; a stream that does not know its length promises more

# Of ffmpeg's formats, those that hold sound themselves; a playlist could name any file of this machine.
CONTAINERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dts,eac3,flac,flv,matroska,mov,mp3,mpc,mpc8,mpeg,mpegts,ogg,tta,w64,wav,wv"
)
# Pieces are the same as the whole in FLAC, and where every sample has its own place in the file. Elsewhere a seek lands
# on other samples (Vorbis) or is not possible (GSM).
EXACT_FORMATS = ("WAV", "WAVEX", "W64", "RF64", "AIFF", "AU", "CAF", "FLAC", "SVX", "NIST", "RAW")
EXACT_ENCODINGS = ("PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")
GUESSED = ("MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III")  # libsndfile guesses their length without a header

# What libsndfile logs of files that hold less than their headers promise: bytes promised and found; samples promised;
# or only that it is so. It calls the data of sound GSM files truncated, and counts padding in SDS, without an indent.
SIZES = re.compile(
    r"^ *(?:data|SSND|BODY|Data Size|Data length|riff|Riff size)[ :]+(\d+) \(?should be (\d+)\)?$", re.MULTILINE
)
SLACK = 64  # bytes by which sizes differ from program to program: some count headers and padding
SAMPLES = re.compile(r"^ +(?:Frames|Rows : \d+ +Cols) *: (\d+)$", re.MULTILINE)
CUT = re.compile(r"Seems to be a truncated file|[Ff]ile seems to be truncated")
NOT_CLOSED = "wasn't closed properly"
STRAY = re.compile(r"Unknown chunk marker .* at position (\d+)")
OGG_PAGE, OGG_HEADER = b"OggS", 27  # bytes before the lengths of the page's segments (RFC 3533, section 6)
BEGINNING_OF_STREAM, END_OF_STREAM = 0x02, 0x04
COMPLAINT = re.compile(r"\[(?:error|fatal|panic)\] *(.+)|(filesize and duration do not match)")
NO_ROOM = tuple(os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG))

CUT_OFF = "is cut off: its end is missing"
CHAINED = "it holds several pieces, one after the other"
TOO_SHORT = "has a header that gives less sound than the file has bytes for: only that much is used"
UNCLOSED = "gives no length in its header, as after a crash: every sample up to the end of the file is used"
MALFORMED = "breaks the rules of its format, and may be cut off: what can be decoded is used"


class Audio(ABC):
    """A waveform of which pieces are read; silence before its start and after its end.

    Attributes:
        rate: in Hz.
        samples: its length.
        channels: how many.
        remarks: what is wrong with it though it is read, each the rest of a sentence that begins with its name.
    """

    rate: int
    samples: int
    channels: int
    remarks: tuple[str, ...] = ()

    def read(self, start: int, stop: int) -> Waveform:
        """The samples from `start` to `stop`, `(stop - start, channels)` float32; either may be outside."""
        first, last = (min(max(place, 0), self.samples) for place in (start, stop))
        piece = self._read(first, last) if first < last else np.zeros((0, self.channels), np.float32)
        if len(piece) == stop - start:
            return piece
        before = min(max(-start, 0), stop - start)
        return np.pad(piece, ((before, stop - start - before - len(piece)), (0, 0)))

    @abstractmethod
    def _read(self, start: int, stop: int) -> Waveform:
        """The same, where both are inside."""


class _SoundFile(soundfile.SoundFile):
    """A file whose next samples are those after the last ones, without a seek in between.

    soundfile seeks after every read to where libsndfile is already: DWVW cannot, and Vorbis lands on other samples.
    """

    def seekable(self) -> bool:
        return False


class AudioFile(Audio):
    """A file that libsndfile reads.

    Attributes:
        encoding: of the samples, in libsndfile's terms.
        exact: whether pieces are the same as the whole; otherwise it can be read once, from start to end.
    """

    def __init__(self, file: _SoundFile, remarks: tuple[str, ...] = ()) -> None:
        self.rate, self.samples, self.channels = file.samplerate, file.frames, file.channels
        self.encoding, self.remarks = file.subtype, remarks
        self.exact = file.format in EXACT_FORMATS and file.subtype in EXACT_ENCODINGS
        self._file, self._position = file, 0

    def blocks(self, samples: int) -> Iterator[Waveform]:
        """The first samples, block after block; fewer where the file is damaged. A block lasts until the next one."""
        block, done = np.empty((BLOCK, self.channels), np.float32), 0
        with suppress(soundfile.LibsndfileError):
            if self._position:
                self._file.seek(0)
            self._position = -1  # anywhere
            while done < samples and (some := self._fill(block[: samples - done])):
                yield block[:some]
                done += some

    def is_whole(self, samples: int) -> bool:
        """Whether so many samples can be read; in FLAC, damage shows only where it is decoded."""
        return self._file.format != "FLAC" or sum(map(len, self.blocks(samples))) == samples

    def _read(self, start: int, stop: int) -> Waveform:
        waveform = np.empty((stop - start, self.channels), np.float32)
        try:
            if start != self._position:
                self._file.seek(start)
            self._position = start + self._fill(waveform)
        except soundfile.LibsndfileError as error:
            self._position = -1
            raise UserError(f"is damaged or cut off ({_words(error)})") from None
        if self._position < stop:
            raise UserError(f"is damaged: it ends after {self._position} of {self.samples} samples")
        return waveform

    def _fill(self, out: Waveform) -> int:
        """Read what there is, up to the length of `out`; 16 bits are scaled here, in half of libsndfile's time."""
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
    """Why libsndfile does not read a file; what is to be said if ffmpeg does; and seconds promised, where known."""

    reason: str
    remarks: tuple[str, ...] = ()
    seconds: float = 0


@contextmanager
def open_audio(path: Path, longest: float | None = None) -> Iterator[AudioFile]:
    """A file that libsndfile or ffmpeg reads; what cannot be read in pieces is decoded to a temporary file first.

    Args:
        path: of the file.
        longest: seconds; of a file that lasts longer, no more than a second more need be there.

    Raises:
        UserError: neither reads it, it holds no samples, its rate or number of channels is out of bounds, or there is
            no room for temporary files.
    """
    with _opened(path) as found:
        if isinstance(found, AudioFile) and found.exact and found.is_whole(_wanted(found, longest)):
            yield found
        else:
            with temporary_folder() as folder, _decoded(path, found, folder, longest) as audio:
                yield audio


def read_audio(path: Path) -> tuple[Waveform, int]:
    """The whole of a sound file: `(samples, channels)` float32, and its rate in Hz.

    Raises:
        UserError: as `open_audio`; or the file is damaged, cut off or too long, or holds values that are not finite.
    """
    with _sequential(path) as audio:
        if audio.remarks:
            raise UserError(f"{path}: {audio.remarks[0]}: replace the file")
        if audio.samples * audio.channels > LARGEST_WHOLE:
            hours = audio.samples / audio.rate / 3600
            raise UserError(f"{path}: is too long to be read whole ({hours:.1f} h): split it")
        try:
            waveform = audio.read(0, audio.samples)
        except UserError as error:
            raise UserError(f"{path}: {error}: replace the file") from None
    if audio.encoding != "PCM_16" and not np.isfinite(waveform).all():  # whole numbers are finite
        raise UserError(f"{path}: holds values that are not finite (NaN or infinite): replace the file")
    return waveform, audio.rate


def read_duration(path: Path) -> float:
    """Seconds of a file, which is decoded only where its header does not tell.

    Raises:
        UserError: as `open_audio`.
    """
    with _sequential(path) as audio:
        return audio.samples / audio.rate


def check_bounds(rate: int, channels: int) -> None:
    """Refuse what no recording has, before any memory is taken for it.

    Raises:
        UserError: a rate in Hz or a number of channels is out of bounds; the text is the rest of a sentence.
    """
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise UserError(f"has a sample rate of {rate} Hz: convert it to one from {LOWEST_RATE} to {HIGHEST_RATE} Hz")
    if channels > MOST_CHANNELS:
        raise UserError(f"has {channels} channels: convert it to {MOST_CHANNELS} or fewer")


@contextmanager
def _sequential(path: Path) -> Iterator[AudioFile]:
    """A file to be read from start to end, decoded to a temporary one only where libsndfile does not read it."""
    with _opened(path) as found:
        if isinstance(found, AudioFile):
            yield found
        else:
            with open_audio(path) as audio:
                yield audio


@contextmanager
def _opened(path: Path) -> Iterator[AudioFile | _Unread]:
    """A file as libsndfile reads it, or why it does not.

    Raises:
        UserError: nobody can read it, or its rate or number of channels is out of bounds.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    try:
        with path.open("rb") as content:
            if not content.read(1):
                raise UserError(f"{path}: is empty: replace the file")
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        with _standard_error_closed():
            file = _SoundFile(os.fsencode(path))
    except soundfile.LibsndfileError as error:
        malformed = error.code == 3  # SF_ERR_MALFORMED_FILE: the format is known
        yield _Unread(_words(error), (MALFORMED,) if malformed else ())
        return
    except (TypeError, ValueError) as error:  # a suffix such as .raw, which says nothing of what is inside
        yield _Unread(str(error))
        return
    with file:
        _check_bounds_of(file, path)
        if not file.frames:
            yield _Unread("no samples", (UNCLOSED,))
            return
        remarks = _remarks(file, path)
        if CHAINED in remarks:
            yield _Unread(CHAINED)  # ffmpeg reads them all
        elif file.frames >= LONGEST or file.subtype in GUESSED:
            yield _Unread("its length is not known", remarks)
        else:
            yield AudioFile(file, remarks)


@contextmanager
def _standard_error_closed() -> Iterator[None]:
    """Drop what is written past Python: libsndfile's MP3 decoder reports tags that it does not understand."""
    with OPENING:
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)


def _check_bounds_of(file: _SoundFile, path: Path) -> None:
    try:
        check_bounds(file.samplerate, file.channels)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def _words(error: soundfile.LibsndfileError) -> str:
    """Why libsndfile does not read a file that is there."""
    said = str(error.error_string).removeprefix("Error : ").rstrip(".")
    return "unknown format" if said.startswith("File does not exist") else said  # so it says of text called .mp3


def _remarks(file: _SoundFile, path: Path) -> tuple[str, ...]:
    """What is wrong with a file that libsndfile reads all the same."""
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
        fault = _fault_of_ogg(path)
        return (fault,) if fault else ()
    if file.format in ("WAV", "WAVEX") and (stray := STRAY.search(log)) and path.stat().st_size > 2 * int(stray[1]):
        return (TOO_SHORT,)
    return (CUT_OFF,) if CUT.search(log) else ()


def _fault_of_ogg(path: Path) -> str | None:
    """What is wrong with an Ogg file by its pages; what libsndfile logs of that is not reliable.

    A damaged page is passed over: the decoder tells it.
    """
    begun = ended = False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        place = content.find(OGG_PAGE)
        while place >= 0:
            header = content[place : place + OGG_HEADER]
            lengths = content[place + OGG_HEADER : place + OGG_HEADER + header[-1]]
            stop = place + OGG_HEADER + header[-1] + sum(lengths)
            if len(header) < OGG_HEADER or stop > len(content):
                return CUT_OFF
            if begun and header[5] & BEGINNING_OF_STREAM:
                return CHAINED
            begun, ended = not header[5] & BEGINNING_OF_STREAM, bool(header[5] & END_OF_STREAM)
            place = content.find(OGG_PAGE, stop)
    return None if ended else CUT_OFF


def _is_placeholder(length: int) -> bool:
    """Whether programs that write to a pipe put this for a length that they do not know, as 0xFFFFFFFF, 0x7FFFF000."""
    return length == 0 or length >= LONGEST or any(abs(length - 2**bits) < 2**16 for bits in (31, 32))


def _ends_early(samples: int, promise: int, rate: int) -> str:
    return (
        f"ends after {samples / rate:.1f} s of the {promise / rate:.1f} s that its header promises "
        f"({promise - samples} samples are missing)"
    )


def _wanted(audio: Audio, longest: float | None) -> int:
    return audio.samples if longest is None else min(audio.samples, round((longest + 1) * audio.rate))


@contextmanager
def _decoded(path: Path, found: AudioFile | _Unread, folder: Path, longest: float | None) -> Iterator[AudioFile]:
    """A file decoded from start to end: by libsndfile where it reads all of it, otherwise by ffmpeg."""
    if isinstance(found, AudioFile):
        wanted, copied, copy = _wanted(found, longest), 0, folder / "decoded.raw"
        try:
            with copy.open("wb") as raw:
                for block in found.blocks(wanted):
                    copied += len(block)
                    raw.write(block.data)
        except OSError as error:
            raise temporary_files_fail(folder.parent, error.strerror) from None
        if copied == wanted:
            with _SoundFile(
                os.fsencode(copy), "r", found.rate, found.channels, format="RAW", subtype="FLOAT", endian="CPU"
            ) as file:
                yield AudioFile(file, found.remarks)
            return
        found = _Unread("damaged or cut off", found.remarks, wanted / found.rate)
    decoded, complaint = _decode_by_ffmpeg(path, folder, found.reason, longest)
    with _SoundFile(os.fsencode(decoded)) as file:
        _check_bounds_of(file, path)
        if not file.frames:
            raise UserError(f"{path}: holds no samples: replace the file")
        damage = f"is damaged (ffmpeg: {complaint}): what cannot be decoded is silent or missing"
        remarks = found.remarks or ((damage,) if complaint else ())
        if (promise := round(found.seconds * file.samplerate)) > file.frames:
            remarks = (_ends_early(file.frames, promise, file.samplerate),)
        yield AudioFile(file, remarks)


def _decode_by_ffmpeg(path: Path, folder: Path, reason: str, longest: float | None) -> tuple[Path, str]:
    """The decoded file, and what ffmpeg has to complain about, if anything.

    What it cannot decode is left out, which puts the rest out of step. Where that happens the file is decoded again,
    with silence wherever its timestamps leave a gap. A sound file is not: timestamps of some formats are inexact.
    """
    decoded, filled = folder / "decoded.wav", folder / "filled.wav"
    limit = [] if longest is None else ["-t", str(longest + 1)]
    complaint = _ffmpeg(path, decoded, reason, limit)
    if complaint and (seconds := soundfile.info(os.fsencode(decoded)).duration):
        bound = 2 * seconds + 60  # timestamps that claim more are damaged themselves
        _ffmpeg(path, filled, reason, ["-t", str(bound), "-af", "aresample=async=1:min_hard_comp=0.01"])
        if seconds < soundfile.info(os.fsencode(filled)).duration < bound - 0.1:
            return filled, complaint
    return decoded, complaint


def _ffmpeg(path: Path, out: Path, reason: str, options: Sequence[str]) -> str:
    """Decode the first audio stream of a file to 32-bit float WAV; what ffmpeg says of damage, or nothing."""
    source = ["-protocol_whitelist", "file", "-format_whitelist", CONTAINERS, "-i", f"file:{path.resolve()}"]
    target = ["-map", "0:a:0", *options, "-c:a", "pcm_f32le", "-rf64", "auto", str(out)]
    try:
        done = subprocess.run(
            ["ffmpeg", "-nostdin", "-hide_banner", "-v", "level+warning", *source, *target],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise UserError(
            f"{path}: libsndfile cannot read it ({reason}), and ffmpeg is not installed: install it"
        ) from None
    if full := next((said for said in NO_ROOM if said in done.stderr), None):
        raise temporary_files_fail(out.parent.parent, full)
    complaints = [error or other for error, other in COMPLAINT.findall(done.stderr)]
    if done.returncode and not complaints:
        complaints = [f"it ended with status {done.returncode}"]
    if done.returncode and not (out.is_file() and out.stat().st_size):
        said = complaints[-1].rpartition(": ")[2]
        said = "it holds no sound" if "matches no streams" in done.stderr else said
        raise UserError(f"{path}: is not audio that can be read (libsndfile: {reason}; ffmpeg: {said})")
    return complaints[0] if complaints else ""
