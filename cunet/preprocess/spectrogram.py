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


def resample(waveform: Waveform, rate: int, target_rate: int) -> Waveform:
    """A waveform `(samples, channels)` at another rate in Hz.

    The filter is a gentle one for the sake of the scores: a steep one leaves nothing below half the new
    rate, the correlations that BSS Eval inverts become singular, and its SIR and SAR meaningless.
    """
    common = math.gcd(rate, target_rate)
    resampled: Waveform = resample_poly(waveform, target_rate // common, rate // common).astype(np.float32)
    return resampled


def fit_length(waveform: Waveform, samples: int) -> Waveform:
    """A waveform `(samples, channels)`, cut or ended with silence."""
    return np.pad(waveform[:samples], ((0, max(0, samples - len(waveform))), (0, 0)))


def read_mono(track: Track, source: str, rate: int, samples: int | None = None) -> Mono:
    """The mean of a source's channels `(samples,)` at `rate` Hz; of the length `samples` where given."""
    waveform, own_rate = track.read(source)
    mono = resample(waveform.mean(axis=1, keepdims=True, dtype=np.float32), own_rate, rate)
    return (mono if samples is None else fit_length(mono, samples))[:, 0]


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


def frame_count(samples: int, settings: Spectrogram) -> int:
    """Frames of the spectrogram of so many samples."""
    return int(_transform(settings).p_num(max(samples, settings.window)))


def frame_centres(first: int, last: int, settings: Spectrogram) -> npt.NDArray[np.float64]:
    """Seconds from the start of a waveform to the centres of its frames from `first` to `last`."""
    hops = np.arange(first, last) + _transform(settings).p_min
    return np.asarray(hops * settings.hop / settings.sample_rate, np.float64)


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
    part = path.with_suffix(".part")
    digest = hashlib.sha256()
    samples: int | None = None
    with h5py.File(part, "w") as file:
        for source in (MIXTURE, *track.instruments):
            mono = read_mono(track, source, settings.sample_rate, samples)
            samples = len(mono)
            name = MIXTURE if source == MIXTURE else f"sources/{source}"
            spectrogram = stft(mono, settings)
            file.create_dataset(name, data=spectrogram.T)
            digest.update(name.encode() + spectrogram.tobytes())
        file.attrs["samples"] = samples
        file.attrs["peak"] = float(np.abs(file[MIXTURE][:]).max()) or 1.0
        file.attrs["sha256"] = digest.hexdigest()
    part.replace(path)


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
