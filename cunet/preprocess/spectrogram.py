"""Complex spectrograms of a track's mixture and sources, in one HDF5 file a track."""

import hashlib
import math
import mmap
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from cunet.audio import Waveform
from cunet.datasets.names import is_scattered
from cunet.datasets.track import MIXTURE, Track
from cunet.errors import UserError
from cunet.params import Spectrogram

Mono = npt.NDArray[np.float32]
Complex = npt.NDArray[np.complex64]
BLOCK = 64  # frames at a time, that fit the cache
STRETCH = 2**19  # samples resampled at a time, that fit the cache
NEIGHBOURS = 32  # outputs that one product of matrices gives
LARGEST_FACTOR = 200_000  # between rates: any rate up to 200 kHz, and usual ones above; a second and 0.5 GB


def ratio(rate: int, target_rate: int) -> tuple[int, int]:
    """The factors `up` and `down` without a common divisor that take one rate in Hz to another.

    Raises:
        UserError: they are so large that the filter would take seconds and gigabytes; the text is the rest of a
            sentence.
    """
    common = math.gcd(rate, target_rate)
    up, down = target_rate // common, rate // common
    if max(up, down) > LARGEST_FACTOR:
        raise UserError(
            f"has a sample rate of {rate} Hz, which shares too small a divisor with {target_rate} Hz: convert it to a "
            "usual rate, such as 44100 Hz"
        )
    return up, down


def resample(waveform: Waveform, rate: int, target_rate: int, mono: bool = False) -> Waveform:
    """A waveform `(samples, channels)` at another rate in Hz; `mono` makes one channel of it, their mean.

    The values are those of `scipy.signal.resample_poly` with its default filter, to float32 rounding. That filter is
    gentle, and the scores need this: a steep one leaves nothing below half the new rate, the correlations that BSS Eval
    inverts become singular, and its SIR and SAR meaningless.

    The output repeats its position between input samples after `up` samples. Neighbouring outputs of all these periods
    are one product of two matrices: stretches of the input, and the filter shifted from output to output.
    """
    up, down = ratio(rate, target_rate)
    if up == down:
        return downmix(waveform) if mono else waveform
    plan = _resampling(up, down)
    samples, channels = len(waveform), 1 if mono else waveform.shape[1]
    length = -(-samples * up // down)
    periods = -(-length // plan.outputs)
    resampled = np.empty((channels, periods, plan.outputs), np.float32)
    some = min(periods, max(1, STRETCH // (channels * plan.inputs)))  # periods at a time
    stretch = np.zeros((channels, plan.before + some * plan.inputs + plan.after), np.float32)
    for first in range(0, periods, some):
        start = first * plan.inputs - plan.before
        piece = waveform[max(0, start) : start + stretch.shape[1]]
        before = max(0, -start)
        stretch[:, before : before + len(piece)] = (downmix(piece) if mono else piece).T
        stretch[:, before + len(piece) :] = 0
        _filter(stretch, plan, resampled[:, first : first + some])
    return resampled.reshape(channels, -1)[:, :length].T


@dataclass(frozen=True)
class _Resampling:
    """How a rate is changed: `inputs` samples become `outputs`, period by period.

    Attributes:
        before: zeros that are put before the input.
        after: zeros, at most, that the last period reads beyond its own input.
        bands: first output, first input (zeros counted) and filter `(inputs, outputs)` of neighbouring outputs.
    """

    inputs: int
    outputs: int
    before: int
    after: int
    bands: list[tuple[int, int, npt.NDArray[np.float32]]]


@lru_cache(maxsize=8)
def _resampling(up: int, down: int) -> _Resampling:
    reach = 10 * max(up, down)  # of the filter to either side, at `up` times the input's rate
    taps = _low_pass(reach, max(up, down)) * np.float32(up)
    before = -(-reach // up)
    repeats = -(-NEIGHBOURS // up)
    bands = []
    for first in range(0, repeats * up, NEIGHBOURS):
        outputs = np.arange(first, min(first + NEIGHBOURS, repeats * up))
        start, stop = first * down // up - before, -(-int(outputs[-1]) * down // up) + before + 1
        places = reach + outputs * down - np.arange(start, stop)[:, None] * up
        inside = (places >= 0) & (places < len(taps))
        bands.append((first, start + before, np.where(inside, taps[places.clip(0, len(taps) - 1)], np.float32(0))))
    return _Resampling(repeats * down, repeats * up, before, 2 * before + down, bands)


def _filter(stretch: Waveform, plan: _Resampling, out: npt.NDArray[np.float32]) -> None:
    """Fill periods `(channels, periods, outputs)` from the input around them `(channels, samples)`."""
    for first, start, band in plan.bands:
        inputs = sliding_window_view(stretch[:, start:], len(band), axis=1)[:, :: plan.inputs][:, : out.shape[1]]
        with np.errstate(invalid="ignore"):  # values that are not finite are told by whoever asked for the samples
            np.matmul(inputs, band, out=out[:, :, first : first + band.shape[1]])


def _low_pass(reach: int, rate: int) -> npt.NDArray[np.float32]:
    """The filter of `scipy.signal.resample_poly`: a sinc that ends at half of `1 / rate`, under a Kaiser window."""
    taps = np.sinc(np.arange(-reach, reach + 1) / rate) * np.kaiser(2 * reach + 1, 5.0)
    normalised: npt.NDArray[np.float32] = (taps / taps.sum()).astype(np.float32)
    return normalised


def fit_length(waveform: Waveform, samples: int) -> Waveform:
    """A waveform `(samples, channels)`, cut or ended with silence."""
    return np.pad(waveform[:samples], ((0, max(0, samples - len(waveform))), (0, 0)))


def downmix(waveform: Waveform) -> Waveform:
    """The mean of a waveform's channels, `(samples, 1)`."""
    channels = waveform.shape[1]
    mean: Waveform = waveform @ np.full((channels, 1), 1 / channels, np.float32)
    return mean


def read_mono(track: Track, source: str, rate: int, samples: int | None = None) -> Mono:
    """The mean of a source's channels `(samples,)` at `rate` Hz; of the length `samples` where given.

    Raises:
        UserError: the source cannot be read, or not be resampled.
    """
    waveform, own_rate = track.read(source)
    try:
        mono = resample(waveform, own_rate, rate, mono=True)
    except UserError as error:
        raise UserError(f"{track.name}: {source} {error}") from None
    return (mono if samples is None else fit_length(mono, samples))[:, 0]


def stft(mono: Mono, settings: Spectrogram) -> Complex:
    """Complex spectrogram `(bins, frames)` of a waveform `(samples,)`.

    The frames are those of `scipy.signal.ShortTimeFFT` with a periodic Hann window: their centres are `hop` samples
    apart from sample 0 on, and phases refer to the centre.
    """
    half, hop, window = settings.window // 2, settings.hop, _hann(settings.window)
    first, last = _frame_range(len(mono), settings)
    padded = np.zeros((last - first - 1) * hop + settings.window, np.float32)
    before = half - first * hop
    padded[before : before + len(mono)] = mono[: len(padded) - before]
    frames = sliding_window_view(padded, settings.window)[::hop]
    spectrogram = np.empty((len(frames), half + 1), np.complex64)
    block = np.empty((BLOCK, settings.window))
    for start in range(0, len(frames), BLOCK):
        some = frames[start : start + BLOCK]
        turned = block[: len(some)]  # the centre comes first
        np.multiply(some[:, half:], window[half:], out=turned[:, :half])
        np.multiply(some[:, :half], window[:half], out=turned[:, half:])
        spectrogram[start : start + BLOCK] = np.fft.rfft(turned)
    return spectrogram.T


def istft(spectrogram: Complex, samples: int, settings: Spectrogram) -> Mono:
    """The waveform `(samples,)` whose spectrogram `(bins, frames)` is nearest in the least-squares sense."""
    size, hop, half = settings.window, settings.hop, settings.window // 2
    dual = _dual(size, hop)
    turns = -(-size // hop)  # every so many frames, two do not overlap
    rows = -(-spectrogram.shape[1] // turns)
    total = np.zeros((rows + 1) * turns * hop, np.float32)
    for start in range(0, rows, BLOCK):
        for turn in range(turns):
            frames = spectrogram[:, turn + start * turns : turn + (start + BLOCK) * turns : turns]
            pieces = np.fft.fftshift(np.fft.irfft(frames.T, n=size), axes=1) * dual
            place = total[(turn + start * turns) * hop :][: len(pieces) * turns * hop].reshape(-1, turns * hop)
            place[:, :size] += pieces
    before = half - _frame_range(samples, settings)[0] * hop
    return fit_length(total[before:, None], samples)[:, 0]


def frame_count(samples: int, settings: Spectrogram) -> int:
    """Frames of the spectrogram of so many samples."""
    first, last = _frame_range(samples, settings)
    return last - first


def frame_centres(first: int, last: int, settings: Spectrogram) -> npt.NDArray[np.float64]:
    """Seconds from the start of a waveform to the centres of its frames from `first` to `last`."""
    hops = np.arange(first, last) + _frame_range(0, settings)[0]
    return np.asarray(hops * settings.hop / settings.sample_rate, np.float64)


def _frame_range(samples: int, settings: Spectrogram) -> tuple[int, int]:
    """The first frame, and the one after the last, that reach into so many samples; of at least one window.

    Frame 0 is centred on sample 0. The first value of the window is zero, and reaches nothing.
    """
    half, hop = settings.window // 2, settings.hop
    return 1 - -(-half // hop), -(-(max(samples, settings.window) - 1 + half) // hop)


def _hann(window: int) -> npt.NDArray[np.float64]:
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window))


def _dual(window: int, hop: int) -> npt.NDArray[np.float32]:
    """The window of the synthesis: frames of the analysis under it add up to the waveform."""
    analysis = _hann(window)
    power = np.zeros(-(-window // hop) * hop)
    power[:window] = analysis**2
    total = np.resize(power.reshape(-1, hop).sum(axis=0), window)
    dual: npt.NDArray[np.float32] = (analysis / total).astype(np.float32)
    return dual


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
    peak = 0.0
    with h5py.File(part, "w") as file:
        for source in (MIXTURE, *track.instruments):
            mono = read_mono(track, source, settings.sample_rate, samples)
            samples = len(mono)
            name = MIXTURE if source == MIXTURE else f"sources/{source}"
            frames = np.ascontiguousarray(stft(mono, settings).T)
            file.create_dataset(name, data=frames)
            digest.update(name.encode())
            digest.update(frames.data)
            peak = float(np.abs(frames).max()) if source == MIXTURE else peak
        file.attrs["samples"] = samples
        file.attrs["peak"] = peak or 1.0
        file.attrs["sha256"] = digest.hexdigest()
    part.replace(path)


class TrackSpectrograms:
    """Reader of the file that `write_track` wrote; nothing is read before it is asked for.

    Spectrograms are views of the file, mapped into memory: several threads read at once, where HDF5 would let one
    wait for the other. The mapping takes one of the open files that a process may have; see `allow_open_files`.

    Raises:
        UserError: `write_track` did not write the file.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        with h5py.File(path, "r") as file:
            names = [MIXTURE, *(f"sources/{name}" for name in sorted(file["sources"]))]
            places = {name: (file[name].id.get_offset(), file[name].shape) for name in names}
            self.samples = int(file.attrs["samples"])
            self.peak = float(file.attrs["peak"])
        if any(offset is None for offset, _ in places.values()):
            raise UserError(f"{path}: its spectrograms are not stored in one piece: run the spectrograms stage again")
        with path.open("rb") as content:
            mapped = mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ)
        self._spectrograms = {
            name: np.frombuffer(mapped, np.complex64, math.prod(shape), offset).reshape(shape)
            for name, (offset, shape) in places.items()
        }
        self.instruments = tuple(name.removeprefix("sources/") for name in names[1:])
        self.frames, self.bins = places[MIXTURE][1]

    def mixture(self, start: int = 0, frames: int | None = None) -> Complex:
        """Complex mixture `(bins, frames)` from frame `start`; silence beyond the end."""
        return self._read(MIXTURE, start, frames)

    def source(self, instrument: str, start: int = 0, frames: int | None = None) -> Complex:
        """Complex source `(bins, frames)` from frame `start`; silence beyond the end."""
        return self._read(f"sources/{instrument}", start, frames)

    def _read(self, name: str, start: int, frames: int | None) -> Complex:
        stop = self.frames if frames is None else start + frames
        spectrogram: Complex = self._spectrograms[name][start:stop].T
        missing = stop - start - spectrogram.shape[1]
        return np.pad(spectrogram, ((0, 0), (0, missing))) if missing else spectrogram


def track_files(folder: Path) -> list[Path]:
    """The files that `write_track` wrote in a folder, sorted by name."""
    return sorted(path for path in folder.glob("*.h5") if not is_scattered(path.name))


def fingerprint(*folders: Path) -> str:
    """Short digest of the contents of all tracks in the folders: what a result was computed from."""
    digest = hashlib.sha256()
    for path in (path for folder in folders for path in track_files(folder)):
        with h5py.File(path, "r") as file:
            digest.update(f"{path.stem}\0{file.attrs['sha256']}\0".encode())
    return digest.hexdigest()[:16]
