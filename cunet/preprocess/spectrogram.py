"""Complex spectrograms of a track's mixture and sources, in one HDF5 file a track."""

import hashlib
import math
from pathlib import Path
from types import TracebackType
from typing import Self

import h5py
import numpy as np
import numpy.typing as npt
from scipy.signal import ShortTimeFFT, resample_poly
from scipy.signal.windows import hann

from cunet.datasets.track import MIXTURE, Track, Waveform
from cunet.params import Spectrogram

Mono = npt.NDArray[np.float32]
Complex = npt.NDArray[np.complex64]


def to_mono(waveform: Waveform, rate: int, target_rate: int) -> Mono:
    """Mean of the channels, resampled: `(samples, channels)` to `(samples,)`.

    The filter is a gentle one for the sake of the scores: a steep one leaves nothing below half the new
    rate, the correlations that BSS Eval inverts become singular, and its SIR and SAR meaningless.
    """
    mono = waveform.mean(axis=1, dtype=np.float32)
    common = math.gcd(rate, target_rate)
    resampled: Mono = resample_poly(mono, target_rate // common, rate // common).astype(np.float32)
    return resampled


def read_mono(track: Track, source: str, rate: int, samples: int | None = None) -> Mono:
    """A source at `rate` Hz; cut or padded with silence to `samples` where given."""
    mono = to_mono(*track.read(source), rate)
    if samples is None:
        return mono
    return np.pad(mono[:samples], (0, max(0, samples - len(mono))))


def stft(mono: Mono, settings: Spectrogram) -> Complex:
    """Complex spectrogram `(bins, frames)` of a waveform `(samples,)`."""
    padded = np.pad(mono, (0, max(0, settings.window - len(mono))))  # the transform wants half a window at least
    spectrogram: Complex = _transform(settings).stft(padded).astype(np.complex64)
    return spectrogram


def istft(spectrogram: Complex, samples: int, settings: Spectrogram) -> Mono:
    """The waveform `(samples,)` whose spectrogram `(bins, frames)` is nearest in the least-squares sense."""
    transform = _transform(settings)
    mono: Mono = transform.istft(spectrogram, k1=max(samples, settings.window))[:samples].astype(np.float32)
    return mono


def _transform(settings: Spectrogram) -> ShortTimeFFT:
    return ShortTimeFFT(hann(settings.window, sym=False), settings.hop, settings.sample_rate)


def write_track(track: Track, path: Path, settings: Spectrogram) -> None:
    """Write the complex spectrograms of a track: datasets `mixture` and `sources/<instrument>`.

    They lie `(frames, bins)` in the file, uncompressed and in one piece, so that a patch is one read, and
    the same track is the same file to the byte (where chunks lie depends on when they are flushed).
    Attributes: `samples` at the model's rate, `peak` of the mixture's magnitudes (1 for a silent mixture),
    and `sha256` of the contents. The file is written under another name and renamed.

    Raises:
        UserError: a source cannot be read.
    """
    rate = settings.sample_rate
    mixture = read_mono(track, MIXTURE, rate)
    samples = len(mixture)
    part = path.with_suffix(".part")
    digest = hashlib.sha256()
    with h5py.File(part, "w") as file:
        for name, mono in _sources(track, mixture, rate):
            spectrogram = stft(mono, settings)
            file.create_dataset(name, data=spectrogram.T)
            digest.update(name.encode() + spectrogram.tobytes())
        file.attrs["samples"] = samples
        file.attrs["peak"] = float(np.abs(file[MIXTURE][:]).max()) or 1.0
        file.attrs["sha256"] = digest.hexdigest()
    part.replace(path)


def _sources(track: Track, mixture: Mono, rate: int) -> list[tuple[str, Mono]]:
    names = [(f"sources/{instrument}", instrument) for instrument in track.instruments]
    return [(MIXTURE, mixture), *((name, read_mono(track, source, rate, len(mixture))) for name, source in names)]


class TrackSpectrograms:
    """Reader of the file that `write_track` wrote; nothing is read before it is asked for."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self._file = h5py.File(path, "r")
        self.instruments = tuple(sorted(self._file["sources"]))
        self.frames, self.bins = self._file[MIXTURE].shape
        self.samples = int(self._file.attrs["samples"])
        self.peak = float(self._file.attrs["peak"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def mixture(self, start: int = 0, frames: int | None = None) -> Complex:
        """Complex mixture `(bins, frames)` from frame `start`; silence beyond the end."""
        return self._read(MIXTURE, start, frames)

    def source(self, instrument: str, start: int = 0, frames: int | None = None) -> Complex:
        """Complex source `(bins, frames)` from frame `start`; silence beyond the end."""
        return self._read(f"sources/{instrument}", start, frames)

    def _read(self, name: str, start: int, frames: int | None) -> Complex:
        stop = self.frames if frames is None else start + frames
        spectrogram: Complex = self._file[name][start:stop].T
        return np.pad(spectrogram, ((0, 0), (0, stop - start - spectrogram.shape[1])))


def track_files(folder: Path) -> list[Path]:
    """The files that `write_track` wrote in a folder, sorted by name."""
    return sorted(folder.glob("*.h5"))


def fingerprint(*folders: Path) -> str:
    """Short digest of the contents of all tracks in the folders: what a result was computed from."""
    digest = hashlib.sha256()
    for path in (path for folder in folders for path in track_files(folder)):
        with h5py.File(path, "r") as file:
            digest.update(f"{path.stem}\0{file.attrs['sha256']}\0".encode())
    return digest.hexdigest()[:16]
