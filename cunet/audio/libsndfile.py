"""Opens files with libsndfile, and tells which it cannot read."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from cunet.audio.contents import open_bytes
from cunet.audio.defects import Defect, Kind
from cunet.audio.headers import LONGEST, find_defect
from cunet.audio.holes import find_hole
from cunet.audio.ogg import Fault, fault_of_pages
from cunet.audio.pieces import Audio, check_bounds
from cunet.audio.wording import described
from cunet.errors import UserError
from cunet.quiet import quiet
from cunet.signals.arrays import Waveform

BLOCK = 2**16  # samples decoded at a time; fits the cache
# Formats that can be read in pieces: FLAC, and those with a fixed position for every sample. In others, seeking is
# inexact (Vorbis) or impossible (GSM).
EXACT_FORMATS = ("WAV", "WAVEX", "W64", "RF64", "AIFF", "AU", "CAF", "FLAC", "SVX", "NIST", "RAW")
EXACT_ENCODINGS = ("PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")
GUESSED = ("MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III")  # libsndfile guesses their length without a header


class SoundFile(soundfile.SoundFile):
    """A file that is read sequentially, without a seek between reads.

    soundfile seeks to the current position after every read: DWVW cannot seek, and Vorbis lands on other samples.
    """

    def seekable(self) -> bool:
        """No: keeps soundfile from seeking."""
        return False


class AudioFile(Audio):
    """A file that libsndfile reads.

    Attributes:
        encoding: sample encoding, in libsndfile's terms.
        exact: whether it can be read in pieces; otherwise it can be read once, from start to end.
        found: what is wrong with it; None if nothing is.
    """

    def __init__(self, file: SoundFile, found: Defect | None = None) -> None:
        self.rate, self.samples, self.channels = file.samplerate, file.frames, file.channels
        self.encoding, self.found = file.subtype, found
        self.exact = file.format in EXACT_FORMATS and file.subtype in EXACT_ENCODINGS
        self._file, self._position = file, 0

    @property
    def defect(self) -> str:
        """The text for `found`, as of any audio."""
        return described(self.found)

    def look_for_hole(self, path: Path, samples: int) -> None:
        """Search the first samples of the file at `path` for unwritten blocks of the disk, unless it has a defect.

        Raises:
            UserError: the file cannot be read.
        """
        if self.found is None and (hole := find_hole(self._file, path, samples)):
            self.found = Defect(Kind.HOLE, *hole)

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
class Unread:
    """Why libsndfile cannot read a file, the defect if ffmpeg can, and the declared seconds, 0 if unknown."""

    reason: str
    defect: Defect | None = None
    seconds: float = 0


@contextmanager
def open_file(path: Path) -> Iterator[AudioFile | Unread]:
    """Open a file with libsndfile, or tell why libsndfile cannot.

    Raises:
        UserError: it is missing, empty or not accessible, or its sample rate or number of channels is out of range.
    """
    _check_content(path)
    try:
        with quiet():  # the MP3 decoder reports tags that it does not understand
            file = SoundFile(os.fsencode(path))
    except soundfile.LibsndfileError as error:
        malformed = error.code == 3  # SF_ERR_MALFORMED_FILE: the format is known
        yield Unread(_words(error), Defect(Kind.MALFORMED) if malformed else None)
    except (TypeError, ValueError) as error:  # a suffix such as .raw, which does not identify the format
        yield Unread(str(error))
    else:
        with file:
            check_bounds_of(file, path)
            yield _audio(file, path)


def check_bounds_of(file: soundfile.SoundFile, path: Path) -> None:
    """Check sample rate and number of channels of a file.

    Raises:
        UserError: one is out of range.
    """
    try:
        check_bounds(file.samplerate, file.channels)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def _check_content(path: Path) -> None:
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    with open_bytes(path) as content:
        if not content.read(1):
            raise UserError(f"{path}: is empty. Replace the file.")


def _audio(file: SoundFile, path: Path) -> AudioFile | Unread:
    if not file.frames:
        return Unread("no samples", Defect(Kind.UNCLOSED))
    defect = find_defect(file, path)
    if defect is None and file.format == "OGG":
        fault = fault_of_pages(path)
        if fault in (Fault.CHAINED, Fault.DAMAGED):
            return Unread(fault)
        defect = Defect(Kind.CUT_OFF) if fault else None
    if file.frames >= LONGEST or file.subtype in GUESSED:
        return Unread("unknown length", defect)
    return AudioFile(file, defect)


def _words(error: soundfile.LibsndfileError) -> str:
    """Why libsndfile cannot read an existing file."""
    said = str(error.error_string).removeprefix("Error : ").rstrip(".")
    return "unknown format" if said.startswith("File does not exist") else said  # of text in a file named .mp3
