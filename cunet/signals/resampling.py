"""Sample rates, channels and lengths of waveforms."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from cunet.errors import UserError
from cunet.signals.arrays import Waveform

STRETCH = 2**19  # samples resampled at a time; fits the cache
NEIGHBOURS = 32  # outputs of one matrix product
LARGEST_FACTOR = 200_000  # between rates: any rate up to 200 kHz, and common ones above; takes a second and 0.5 GB


def ratio(rate: int, target_rate: int) -> tuple[int, int]:
    """The coprime factors `up` and `down` between two sample rates in Hz.

    Raises:
        UserError: they are so large that the filter would take seconds and gigabytes; the text completes a sentence.
    """
    common = math.gcd(rate, target_rate)
    up, down = target_rate // common, rate // common
    if max(up, down) > LARGEST_FACTOR:
        raise UserError(
            f"has a sample rate of {rate} Hz, which has too small a common divisor with {target_rate} Hz. Convert it "
            "to a common rate, such as 44100 Hz."
        )
    return up, down


def resample(waveform: Waveform, rate: int, target_rate: int, mono: bool = False) -> Waveform:
    """Resample a waveform `(samples, channels)` between rates in Hz; `mono` also downmixes it to the mean channel.

    The values are those of `scipy.signal.resample_poly` with its default filter, up to float32 rounding. The scores
    need this gentle filter: a steep one leaves no energy just below half the new rate, so that the correlations that
    BSS Eval inverts become singular, and its SIR and SAR meaningless.

    The position of outputs between inputs repeats every `up` outputs. Neighbouring outputs of all these periods are
    one matrix product: stretches of the input times the filter, shifted for each output.

    Examples:
        >>> resample(np.ones((44100, 2), np.float32), 44100, 8192, mono=True).shape
        (8192, 1)
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
    """A plan for resampling: `inputs` samples become `outputs`, period by period.

    Attributes:
        before: zeros before the input.
        after: most zeros that the last period reads beyond its input.
        bands: first output, first input (counted with the zeros) and filter `(inputs, outputs)` of neighbouring
            outputs.
    """

    inputs: int
    outputs: int
    before: int
    after: int
    bands: list[tuple[int, int, npt.NDArray[np.float32]]]


@lru_cache(maxsize=8)
def _resampling(up: int, down: int) -> _Resampling:
    reach = 10 * max(up, down)  # of the filter to either side, in samples at `up` times the input's rate
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
        with np.errstate(invalid="ignore"):  # the caller reports NaN and infinite values
            np.matmul(inputs, band, out=out[:, :, first : first + band.shape[1]])


def _low_pass(reach: int, rate: int) -> npt.NDArray[np.float32]:
    """The filter of `scipy.signal.resample_poly`: a sinc that ends at half of `1 / rate`, under a Kaiser window."""
    taps = np.sinc(np.arange(-reach, reach + 1) / rate) * np.kaiser(2 * reach + 1, 5.0)
    normalised: npt.NDArray[np.float32] = (taps / taps.sum()).astype(np.float32)
    return normalised


def fit_length(waveform: Waveform, samples: int) -> Waveform:
    """A waveform `(samples, channels)`, cut or padded with silence at the end.

    Examples:
        >>> fit_length(np.ones((3, 1), np.float32), 4).ravel().tolist()
        [1.0, 1.0, 1.0, 0.0]
    """
    return np.pad(waveform[:samples], ((0, max(0, samples - len(waveform))), (0, 0)))


def downmix(waveform: Waveform) -> Waveform:
    """The mean of a waveform's channels, `(samples, 1)`."""
    channels = waveform.shape[1]
    mean: Waveform = waveform @ np.full((channels, 1), 1 / channels, np.float32)
    return mean
