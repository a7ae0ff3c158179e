"""BSS Eval v4 and v3, SI-SDR and the SDR of the 2021 Music Demixing challenge, in NumPy and SciPy only.

The scores of BSS Eval are those of museval 0.4, several times as fast and in a fraction of its memory:

    >>> import numpy as np
    >>> from cunet.bsseval import bss_eval_v4
    >>> noise = np.random.default_rng(0).standard_normal((2, 3 * 8192, 1))
    >>> references, estimates = noise, noise + 0.1 * noise[::-1]  # (sources, samples, channels)
    >>> scores = bss_eval_v4(references, estimates, window=8192, hop=8192)
    >>> scores.sdr.shape  # (sources, frames), in dB
    (2, 3)
    >>> float(np.median(scores.sdr[0]).round(1))
    20.0

`References` scores any number of estimates against the same references, whose correlations it factorises once;
`sdr_v4` gives the SDR alone, for which BSS Eval v4 needs no filters.

BSS Eval (Vincent, Gribonval & Févotte, IEEE TASLP 14(4), 2006) splits an estimate by least squares: filters of 512
taps project it on its own reference, and on all references. The target is the reference itself (v4, "images") or its
projection ("sources"); the other references' part of the projection is interference, and the remainder is
artifacts. Version 4 (Stöter, Liutkus & Ito, LVA/ICA 2018) takes the filters from the whole track and the scores from
frames. docs/reference/bsseval.md explains why this module is fast and where it differs from museval.
"""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import scipy.fft
from scipy.linalg import lapack

TAPS = 512  # of the distortion filters
TRANSFORM = 4096  # approximate samples per Fourier transform; fits the cache
BATCH = 4  # blocks transformed at once
SHARE = 32  # blocks whose correlations one thread sums
DELTA = 1e-7  # keeps the SDR of 2021 finite
EPS = float(np.finfo(float).eps)

Array = npt.NDArray[np.float64]
Spectra = npt.NDArray[np.complex128]
Signals = npt.NDArray[np.floating[Any]]
Item = TypeVar("Item")
Result = TypeVar("Result")


class Scores(NamedTuple):
    """Ratios in dB, each `(sources, frames)`: to distortion, to spatial distortion, to interference, to artifacts."""

    sdr: Array
    isr: Array
    sir: Array
    sar: Array


class _Piece(NamedTuple):
    """A piece of the signals that starts at `first` and is zero outside the samples `low` to `high`."""

    first: int
    low: int
    high: int


def bss_eval_v4(
    references: npt.ArrayLike, estimates: npt.ArrayLike, window: float, hop: float, workers: int | None = None
) -> Scores:
    """BSS Eval v4 as `museval.evaluate(references, estimates, win=window, hop=hop)`.

    Args:
        references: true sources, `(sources, samples, channels)`; float32 and float64 are not copied.
        estimates: estimates of these sources, in the same order and shape.
        window: frame length in samples; at the track's length or more, the track is one frame.
        hop: samples between the starts of two frames.
        workers: number of threads; None: one per core of this process.

    Returns:
        scores `(sources, frames)`. A frame in which any reference or estimate is silent is NaN for all sources; a
        ratio is inf where its denominator is zero.

    Raises:
        ValueError: shapes differ, there are no samples, a value is not finite, or a source or estimate is silent in
            the whole track.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> references = rng.normal(size=(2, 4096, 1))  # of two sources
        >>> scores = bss_eval_v4(references, references + 0.1 * references[::-1], window=4096, hop=4096)
        >>> scores.sdr.shape, bool((scores.sir < 21).all()), bool((scores.sar > 100).all())
        ((2, 1), True, True)
    """
    true, estimated = _pair(references, estimates)
    scores = References(true, window, hop, workers).score(estimated)
    lost = np.isnan(scores.sdr).any(axis=0)
    return Scores(*(np.where(lost, np.nan, values) for values in scores))


def bss_eval_v3(references: npt.ArrayLike, estimates: npt.ArrayLike, workers: int | None = None) -> Scores:
    """BSS Eval v3 as `museval.metrics.bss_eval_sources(references, estimates, compute_permutation=False)`.

    The whole track is one frame, and the target is the projection of the estimate on its reference. Arguments and
    errors are those of `bss_eval_v4`.

    Returns:
        scores `(sources, 1)`; the ISR is not defined, thus NaN.
    """
    true, estimated = _pair(references, estimates)
    return References(true, workers=workers).score(estimated, version="sources")


def sdr_v4(reference: npt.ArrayLike, estimate: npt.ArrayLike, window: float, hop: float) -> Array:
    """SDR of BSS Eval v4 of one estimate, in dB `(frames,)`; NaN where the reference or the estimate is silent.

    Equal to `bss_eval_v4(...).sdr`, which depends on no other source and no filter.

    Args:
        reference: `(samples, channels)` or `(samples,)`.
        estimate: of the same shape.
        window: frame length in samples.
        hop: samples between the starts of two frames.

    Raises:
        ValueError: shapes differ, there are no samples, or a value is not finite.

    Examples:
        >>> reference = np.random.default_rng(0).normal(size=(44100, 2))
        >>> sdr_v4(reference, 1.1 * reference, window=22050, hop=22050).round(6).tolist()
        [20.0, 20.0]
    """
    true, estimated = _single(reference, estimate)
    ratios = [
        math.nan
        if _silent(true[frame]) or _silent(estimated[frame])
        else _decibels(_energy(true[frame]), _distance(true[frame], estimated[frame]))
        for frame in _frames(window, hop, len(true))
    ]
    return np.array(ratios)


def si_sdr(reference: npt.ArrayLike, estimate: npt.ArrayLike) -> float:
    """Scale-invariant SDR in dB over the whole track (Le Roux, Wisdom, Erdogan & Hershey, ICASSP 2019).

    One factor scales all channels of the reference and the energies are sums over channels, so that wrong panning
    counts as distortion. No mean is subtracted.

    Args:
        reference: `(samples, channels)` or `(samples,)`.
        estimate: of the same shape.

    Returns:
        NaN if either is silent, inf if the estimate is a multiple of the reference.

    Raises:
        ValueError: shapes differ, there are no samples, or a value is not finite.

    Examples:
        >>> reference = np.array([1.0, -1.0, 1.0, -1.0])
        >>> round(si_sdr(reference, reference + [0.1, 0.1, 0.1, 0.1]), 6)
        20.0
    """
    true, estimated = (signal.astype(np.float64) for signal in _single(reference, estimate))
    if not true.any() or not estimated.any():
        return math.nan
    true *= np.vdot(true, estimated) / np.vdot(true, true)
    return _decibels(float(np.vdot(true, true)), _distance(true, estimated))


def sdr_2021(reference: npt.ArrayLike, estimate: npt.ArrayLike) -> float:
    """SDR of the 2021 Music Demixing challenge in dB: the ratio of energies over the whole track and all channels.

    10 log10((sum s² + 1e-7) / (sum (s - e)² + 1e-7)), as Mitsufuji et al. (Frontiers in Signal Processing, 2022).

    Args:
        reference: `(samples, channels)` or `(samples,)`.
        estimate: of the same shape.

    Raises:
        ValueError: shapes differ, there are no samples, or a value is not finite.
    """
    true, estimated = _single(reference, estimate)
    return _decibels(_energy(true) + DELTA, _distance(true, estimated) + DELTA)


class References:
    """True sources of a track, prepared once to score any number of estimates.

    Attributes:
        frames: slices of samples.
        silent: for each frame, whether any reference is silent.
    """

    def __init__(
        self, references: npt.ArrayLike, window: float = math.inf, hop: float = math.inf, workers: int | None = None
    ) -> None:
        """Correlate the references; arguments as in `bss_eval_v4`.

        Raises:
            ValueError: there are no samples, a value is not finite, or a source is silent in the whole track.
        """
        self._signals = _checked(references, "references")
        _refuse_silence(self._signals, "reference")
        self._workers = workers or _cores()
        self.frames = _frames(window, hop, self._signals.shape[1])
        self.silent = _silent_frames(self._signals, self.frames).any(axis=0)
        self._lags = _two_sided(_correlate(self._signals, self._signals, self._workers))

    @cached_property
    def _all(self) -> "_NormalEquations":
        """For the projection on all references; factorised when the first estimate is scored."""
        return _NormalEquations(self._lags)

    @cached_property
    def _own(self) -> "list[_NormalEquations]":
        """For the projection on each reference alone."""
        sources, _, channels = self._signals.shape
        if sources == 1:
            return [self._all]
        owns = [_channels_of(source, channels) for source in range(sources)]
        return [_NormalEquations(self._lags[own, own]) for own in owns]

    def score(
        self,
        estimates: npt.ArrayLike,
        sources: Sequence[int] | None = None,
        version: Literal["images", "sources"] = "images",
    ) -> Scores:
        """Score estimates one by one, each against its source.

        Args:
            estimates: `(estimates, samples, channels)`.
            sources: index of each estimate's reference; None: all, in order.
            version: "images" for the ratios of v4, "sources" for those of v3.

        Returns:
            scores `(estimates, frames)`; NaN in frames where a reference or the estimate itself is silent.

        Raises:
            ValueError: shapes do not fit, a value is not finite, or an estimate is silent in the whole track.
        """
        estimated = _checked(estimates, "estimates")
        sources = range(len(self._signals)) if sources is None else sources
        if estimated.shape != (len(sources), *self._signals.shape[1:]):
            raise ValueError(
                f"estimates of shape {estimated.shape} do not fit references of shape {self._signals.shape} "
                f"and {len(sources)} sources"
            )
        _refuse_silence(estimated, "estimate")
        step = len(self._signals)
        groups = [self._energies(estimated[i : i + step], sources[i : i + step]) for i in range(0, len(sources), step)]
        scores = _RATIOS[version](_Energies(*(np.concatenate(parts) for parts in zip(*groups, strict=True))))
        lost = self.silent | _silent_frames(estimated, self.frames)
        return Scores(*(np.where(lost, np.nan, values) for values in scores))

    def _energies(self, estimates: Signals, sources: Sequence[int]) -> "_Energies":
        """Energies of the parts of some estimates in all frames."""
        filters = self._filters(_correlate(self._signals, estimates, self._workers), sources)
        length = _transform_length(max(frame.stop - frame.start for frame in self.frames) + TAPS - 1)
        numbers, pieces = zip(*_pieces(self.frames, length), strict=True)
        spectra = np.fft.rfft(filters, length, axis=0)
        project = _Projection(self._signals, estimates, sources, spectra, length)
        parts = np.concatenate(list(_map(project, _batches(pieces, BATCH), self._workers)), axis=1)
        energies = np.zeros((len(parts), len(self.frames), len(sources)))
        for number, part in zip(numbers, parts.swapaxes(0, 1), strict=True):
            energies[:, number] += part
        return _Energies(*energies.swapaxes(1, 2))

    def _filters(self, correlations: Array, sources: Sequence[int]) -> Array:
        """Impulse responses `(taps, reference channels, 2 x estimate channels)`: the others' part, then the own part.

        The difference of filters is taken here, so that a lone reference has exactly no interference.
        """
        count, channels, inputs = len(sources), self._signals.shape[2], len(correlations)
        filters = np.zeros((TAPS, inputs, 2, count, channels))
        filters[:, :, 0] = self._all.solve(correlations).reshape(inputs, TAPS, count, channels).swapaxes(0, 1)
        for number, source in enumerate(sources):
            own, mine = _channels_of(source, channels), _channels_of(number, channels)
            if len(self._own) == 1:
                filters[:, :, 1, number] = filters[:, :, 0, number]
            else:
                solution = self._own[source].solve(correlations[own, mine])
                filters[:, own, 1, number] = solution.reshape(channels, TAPS, channels).swapaxes(0, 1)
        filters[:, :, 0] -= filters[:, :, 1]
        return filters.reshape(TAPS, inputs, -1)


class _Energies(NamedTuple):
    """Energies of an estimate's parts, each `(estimates, frames)`."""

    true: Array
    distortion: Array  # estimate - true
    own: Array  # projection on the own reference
    spatial: Array  # own - true
    interference: Array  # projection on all references - own
    projection: Array  # on all references
    artifacts: Array  # estimate - projection
    filtered_distortion: Array  # estimate - own

    def images(self) -> Scores:
        """Ratios of v4, and of v3's images."""
        return Scores(
            _ratio(self.true, self.distortion),
            _ratio(self.true, self.spatial),
            _ratio(self.own, self.interference),
            _ratio(self.projection, self.artifacts),
        )

    def sources(self) -> Scores:
        """Ratios of v3's sources."""
        return Scores(
            _ratio(self.own, self.filtered_distortion),
            np.full_like(self.own, np.nan),
            _ratio(self.own, self.interference),
            _ratio(self.projection, self.artifacts),
        )


_RATIOS = {"images": _Energies.images, "sources": _Energies.sources}


@dataclass(frozen=True)
class _Projection:
    """Energies `(8, pieces, estimates)` of pieces of a track; a callable for threads."""

    references: Signals
    estimates: Signals
    sources: Sequence[int]
    filters: Spectra  # (bins, reference channels, 2 x estimate channels)
    length: int

    def __call__(self, pieces: Sequence[_Piece]) -> Array:
        """Filter by overlap-save: the first samples of a block, which wrap around, are left out."""
        references = _cut(self.references, pieces, self.length)
        filtered = _signals(_spectra(references) @ self.filters, self.length)
        interference, own = np.split(filtered[..., TAPS - 1 :], 2)
        true = np.concatenate([references[_channels_of(source, self.estimates.shape[2])] for source in self.sources])
        true = true[..., TAPS - 1 :]
        later = [piece._replace(first=piece.first + TAPS - 1) for piece in pieces]
        estimate = _cut(self.estimates, later, self.length - TAPS + 1)
        projection = own + interference
        parts = (
            true,
            estimate - true,
            own,
            own - true,
            interference,
            projection,
            estimate - projection,
            estimate - own,
        )
        energies = np.array([np.vecdot(part, part) for part in parts])  # (8, estimate channels, pieces)
        by_channel = energies.reshape(len(parts), len(self.estimates), -1, len(pieces))
        return np.asarray(by_channel.sum(axis=2).swapaxes(1, 2))


class _NormalEquations:
    """Least squares on the delayed references, whose correlations of lags -511 to 511 are `(channels, channels, 1023)`.

    Like museval, it adds machine epsilon to the diagonal. If the matrix is still not positive definite, because
    references are equal or have no energy in a band, it adds the smallest sufficient amount, relative to the
    references' energy: the projection is then the least-squares one, which museval intends to find.

    Attributes:
        added: amount added to the diagonal.
    """

    def __init__(self, lags: Array) -> None:
        self._size, self.added = len(lags) * TAPS, EPS
        energy = float(np.einsum("aal->al", lags)[:, TAPS - 1].max())
        self._factor, failed = self._factorise(lags)
        while failed:
            self.added = max(10 * self.added, self._size * EPS * energy)
            self._factor, failed = self._factorise(lags)

    def solve(self, correlations: Array) -> Array:
        """Filters `(channels x taps, outputs)` from correlations with the outputs, `(channels, outputs, taps)`."""
        right = np.asfortranarray(correlations.swapaxes(1, 2).reshape(self._size, -1))
        solution, _ = lapack.dpftrs(self._size, self._factor, right, uplo="L")
        return np.asarray(solution)

    def _factorise(self, lags: Array) -> tuple[Array, int]:
        """Cholesky factor in LAPACK's rectangular full packed format: one triangle, in half of the memory."""
        half = self._size // 2
        packed: Array = np.empty((half, self._size + 1))
        for number, column in enumerate(packed):
            column[number + 1 :] = self._column(lags, number)[number:]
            column[: number + 1] = self._column(lags, half + number)[half : half + number + 1]
        factor, failed = lapack.dpftrf(self._size, packed.reshape(-1), uplo="L", overwrite_a=True)
        return factor, failed

    def _column(self, lags: Array, number: int) -> Array:
        channel, tap = divmod(number, TAPS)
        column = lags[:, channel, TAPS - 1 - tap : 2 * TAPS - 1 - tap].flatten()
        column[number] += self.added
        return column


def _correlate(references: Signals, others: Signals, workers: int) -> Array:
    """Sums over n of a[n] b[n + lag] for all channels a of references and b of others: `(a, b, lags)`, lags 0 to 511.

    Each block of a is correlated with the same block of b and the next 511 samples; the cross-spectra of many blocks
    share one inverse transform.
    """
    samples = references.shape[1]
    length = _transform_length(samples)
    size = length - TAPS + 1
    starts = range(0, samples, size)

    def correlate(starts: Sequence[int]) -> Array:
        cross: Any = 0
        for some in _batches(starts, BATCH):
            blocks = _cut(references, [_Piece(start, 0, min(start + size, samples)) for start in some], length)
            longer = _cut(others, [_Piece(start, 0, samples) for start in some], length)
            cross += _spectra(blocks).conj().swapaxes(1, 2) @ _spectra(longer)
        return _signals(cross, length)[..., :TAPS].swapaxes(0, 1).copy()

    return np.asarray(sum(_map(correlate, _batches(starts, SHARE), workers)))


def _two_sided(correlations: Array) -> Array:
    """Correlations of signals with themselves at lags -511 to 511, from those at lags 0 to 511."""
    return np.concatenate((correlations.swapaxes(0, 1)[:, :, :0:-1], correlations), axis=2)


def _cut(signals: Signals, pieces: Sequence[_Piece], length: int) -> Array:
    """Pieces of signals, `(channels of all sources, pieces, length)`."""
    sources, _, channels = signals.shape
    cut = np.zeros((sources, channels, len(pieces), length))
    for number, (first, low, high) in enumerate(pieces):
        start, stop = max(first, low), min(first + length, high)
        if start < stop:
            cut[:, :, number, start - first : stop - first] = signals[:, start:stop].swapaxes(1, 2)
    return cut.reshape(sources * channels, len(pieces), length)


def _spectra(blocks: Array) -> Spectra:
    """Transforms `(bins, pieces, channels)` of blocks `(channels, pieces, samples)`, laid out for matrix products."""
    channels, pieces, length = blocks.shape
    spectra = np.empty((length // 2 + 1, pieces, channels), np.complex128)
    np.fft.rfft(blocks, axis=2, out=spectra.transpose(2, 1, 0))
    return spectra


def _signals(spectra: Spectra, length: int) -> Array:
    """Blocks `(columns, rows, samples)` of spectra `(bins, rows, columns)`, with contiguous samples."""
    _, rows, columns = spectra.shape
    blocks = np.empty((columns, rows, length))
    np.fft.irfft(spectra, length, axis=0, out=blocks.transpose(2, 1, 0))
    return blocks


def _pieces(frames: Sequence[slice], length: int) -> Iterator[tuple[int, _Piece]]:
    """Number of a frame, and the input of each block of its filtered samples, 511 more than its own."""
    for number, frame in enumerate(frames):
        for start in range(frame.start, frame.stop + TAPS - 1, length - TAPS + 1):
            yield number, _Piece(start - TAPS + 1, frame.start, frame.stop)


def _transform_length(samples: int) -> int:
    """Transform length of the blocks that divide this many samples evenly; each overlaps the next by 511."""
    blocks = math.ceil(samples / (TRANSFORM - TAPS + 1))
    return int(scipy.fft.next_fast_len(math.ceil(samples / blocks) + TAPS - 1, real=True))


def _batches(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _map(function: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[Result]:
    """Results in the order of the items, for any number of threads."""
    if workers == 1 or len(items) == 1:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(function, items)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _channels_of(source: int, channels: int) -> slice:
    return slice(source * channels, (source + 1) * channels)


def _frames(window: float, hop: float, samples: int) -> list[slice]:
    """Frames as in museval: the remainder of a track is dropped, unless the track is shorter than a window."""
    if not (window >= 1 and hop >= 1):
        raise ValueError(f"window and hop must be at least one sample, not {window} and {hop}")
    if window >= samples:
        return [slice(0, samples)]
    count = math.floor((samples - window + hop) / hop)
    return [slice(math.floor(n * hop), math.floor(min(n * hop + window, samples))) for n in range(count)]


def _silent_frames(signals: Signals, frames: Sequence[slice]) -> npt.NDArray[np.bool_]:
    """Whether a signal is silent in a frame, `(sources, frames)`."""
    return np.array([[_silent(signal[frame]) for frame in frames] for signal in signals])


def _silent(signal: Signals) -> bool:
    """Silence as museval defines it: the channels cancel out in every sample."""
    return not (signal[:TAPS].sum(axis=1).any() or signal.sum(axis=1).any())


def _refuse_silence(signals: Signals, name: str) -> None:
    silent = [str(number) for number, signal in enumerate(signals) if _silent(signal)]
    if silent:
        raise ValueError(f"{name} {', '.join(silent)} is silent in the whole track, which BSS Eval cannot score")


def _checked(values: npt.ArrayLike, name: str) -> Signals:
    """An array of floats `(sources, samples, channels)`."""
    signals = np.atleast_3d(np.asarray(values))
    if signals.dtype not in (np.float32, np.float64):
        signals = signals.astype(np.float64)
    if not signals.size or signals.ndim != 3:
        raise ValueError(
            f"{name} must have shape (sources, samples, channels) and at least one sample, not {signals.shape}"
        )
    if not (np.isfinite(signals.min()) and np.isfinite(signals.max())):
        raise ValueError(f"{name} of shape {signals.shape} contain NaN or infinite values")
    return signals


def _pair(references: npt.ArrayLike, estimates: npt.ArrayLike) -> tuple[Signals, Signals]:
    true, estimated = np.asarray(references), np.asarray(estimates)
    if true.shape != estimated.shape:
        raise ValueError(f"references of shape {true.shape} and estimates of shape {estimated.shape} must match")
    return _checked(true, "references"), _checked(estimated, "estimates")


def _single(reference: npt.ArrayLike, estimate: npt.ArrayLike) -> tuple[Signals, Signals]:
    """One source `(samples, channels)`."""
    true, estimated = (signals[0] for signals in _pair(np.asarray(reference)[None], np.asarray(estimate)[None]))
    return true, estimated


def _energy(signal: Signals) -> float:
    return float(np.square(signal, dtype=np.float64).sum())


def _distance(one: Signals, other: Signals) -> float:
    return _energy(np.subtract(one, other, dtype=np.float64))


def _decibels(numerator: float, denominator: float) -> float:
    return float(_ratio(np.array(numerator), np.array(denominator)))


def _ratio(numerator: Array, denominator: Array) -> Array:
    """Ratio of energies in dB, inf where the denominator is zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator == 0, np.inf, 10 * np.log10(numerator / denominator))
