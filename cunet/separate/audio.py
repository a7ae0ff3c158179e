"""Audio of any length, read piece by piece: from a file of any format, or from an array."""

import os
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile

from cunet.datasets.track import Waveform
from cunet.errors import UserError
from cunet.preprocess.spectrogram import downmix, resample

# Of ffmpeg's formats, those that hold sound themselves; a playlist could name any file of this machine.
CONTAINERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dts,eac3,flac,flv,matroska,mov,mp3,mpc,mpc8,mpeg,mpegts,ogg,tta,w64,wav,wv"
)
# Of libsndfile's formats, those of which pieces are the same as the whole: its seek in Vorbis lands on other samples,
# and the length of an MP3 without a header is guessed.
EXACT = ("WAV", "WAVEX", "W64", "RF64", "AIFF", "AU", "CAF", "FLAC", "SVX", "NIST")
LONGEST = 2**40  # samples; more is what a stream says that does not know


class Audio(ABC):
    """A waveform of which pieces are read; silence before its start and after its end.

    Attributes:
        rate: in Hz.
        samples: its length.
        channels: how many.
    """

    rate: int
    samples: int
    channels: int

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


class ArrayAudio(Audio):
    """A waveform in memory, `(samples, channels)`, or the part of a longer one that begins at sample `start`."""

    def __init__(self, waveform: Waveform, rate: int, start: int = 0) -> None:
        self.rate, self.samples, self.channels = rate, start + len(waveform), waveform.shape[1]
        self._waveform, self._start = waveform, start

    def _read(self, start: int, stop: int) -> Waveform:
        return self._waveform[start - self._start : stop - self._start]


class Downmix(Audio):
    """The mean of another audio's channels."""

    def __init__(self, audio: Audio) -> None:
        self.rate, self.samples, self.channels = audio.rate, audio.samples, 1
        self._audio = audio

    def _read(self, start: int, stop: int) -> Waveform:
        return downmix(self._audio.read(start, stop))


class Resampled(Audio):
    """Another audio at another rate: what `resample` makes of the whole, computed where it is read."""

    def __init__(self, audio: Audio, rate: int) -> None:
        common = np.gcd(audio.rate, rate)
        self._up, self._down = int(rate // common), int(audio.rate // common)
        # The filter of resample_poly reaches ten samples of the lower rate to either side; see its documentation.
        self._reach = -(-10 * max(self._up, self._down) // (self._up * self._down)) + 1
        self._audio = audio
        self.rate, self.samples, self.channels = rate, -(-audio.samples * self._up // self._down), audio.channels

    def needs(self, start: int, stop: int) -> tuple[int, int]:
        """First and last sample of the other audio that samples from `start` to `stop` are computed from."""
        first, last = start // self._up - self._reach, -(-stop // self._up) + self._reach
        return first * self._down, last * self._down

    def _read(self, start: int, stop: int) -> Waveform:
        first, last = self.needs(start, stop)
        offset = first // self._down * self._up
        piece = resample(self._audio.read(first, last), self._audio.rate, self.rate)
        return piece[start - offset : stop - offset]


class _File(Audio):
    def __init__(self, file: soundfile.SoundFile) -> None:
        self.rate, self.samples, self.channels = file.samplerate, file.frames, file.channels
        self._file = file

    def _read(self, start: int, stop: int) -> Waveform:
        try:
            self._file.seek(start)
            waveform: Waveform = self._file.read(stop - start, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise UserError(f"is damaged ({error.error_string.rstrip('.')})") from None
        if len(waveform) < stop - start:
            raise UserError(f"is damaged: it ends after {start + len(waveform)} of {self.samples} samples")
        return waveform


@contextmanager
def open_audio(path: Path, longest: float | None = None) -> Iterator[Audio]:
    """A file that libsndfile or ffmpeg reads; what cannot be read in pieces is decoded to a temporary file first.

    Args:
        path: of the file.
        longest: seconds; of a file that lasts longer, no more than a second more need be there.

    Raises:
        UserError: neither reads it, or it holds no samples.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    with tempfile.TemporaryDirectory(prefix="cunet-") as folder:
        reason = _unreadable(path)
        readable = _decode(path, Path(folder) / "decoded.wav", reason, longest) if reason else path
        with soundfile.SoundFile(os.fsencode(readable)) as file:
            if not file.frames:
                raise UserError(f"{path}: holds no samples")
            yield _File(file)


def _unreadable(path: Path) -> str:
    """Why libsndfile cannot read pieces of a file; empty where it can.

    Raises:
        UserError: nobody may read the file, or it is empty.
    """
    try:
        with path.open("rb") as content:
            if not content.read(1):
                raise UserError(f"{path}: is empty")
        with soundfile.SoundFile(os.fsencode(path)) as file:
            exact = file.format in EXACT and file.frames < LONGEST
            return "" if exact else f"no exact pieces of {file.format}"
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    except soundfile.LibsndfileError as error:
        return str(error.error_string).rstrip(".")
    except (TypeError, ValueError) as error:  # a suffix such as .raw, which says nothing of what is inside
        return str(error)


def _decode(path: Path, out: Path, reason: str, longest: float | None) -> Path:
    limit = [] if longest is None else ["-t", str(longest + 1)]
    source = ["-protocol_whitelist", "file", "-format_whitelist", CONTAINERS, "-i", f"file:{path.resolve()}"]
    target = ["-map", "0:a:0", *limit, "-c:a", "pcm_f32le", "-rf64", "auto", str(out)]
    try:
        done = subprocess.run(
            ["ffmpeg", "-nostdin", "-v", "error", *source, *target], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise UserError(f"{path}: libsndfile cannot read it ({reason}), and ffmpeg is not installed") from None
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1].rpartition(": ")[2]
        said = "it holds no sound" if "matches no streams" in done.stderr else said
        raise UserError(f"{path}: is not audio that can be read (libsndfile: {reason}; ffmpeg: {said})")
    return out
