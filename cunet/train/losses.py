"""Losses; `cunet.registry.losses` lists them."""

from collections.abc import Callable
from dataclasses import dataclass

from keras import KerasTensor, losses, ops

from cunet.settings.spectrogram import Spectrogram
from cunet.signals.windows import dual_window

QUIET = 3e-5  # magnitude below which errors hardly count: the square root has no derivative at zero
Function = Callable[[KerasTensor, KerasTensor], KerasTensor]  # of targets and estimates


@dataclass(frozen=True)
class Loss:
    """A loss.

    Attributes:
        make: returns a function of targets and estimates, for the settings of their spectrograms. Estimates are
            magnitudes `(batch, bins, frames, 1)`, divided by the peak of the track's mixture.
        complex_targets: whether targets are complex, `(batch, bins, frames, 4)`: real and imaginary parts of the
            target, cosine and sine of the mixture's phase, which estimates share; otherwise they are magnitudes, in
            the shape of the estimates.
    """

    make: Callable[[Spectrogram], Function]
    complex_targets: bool = False


def waveform_error(settings: Spectrogram) -> Function:
    """The mean absolute error of the waveforms of estimates with the mixture's phase.

    The inverse transform is linear, so one transform of the difference is enough. The error is scaled to the size of
    errors of magnitudes, by the square root of the window.

    Examples:
        >>> from keras import ops
        >>> settings = Spectrogram(sample_rate=8192, window=16, hop=12)
        >>> estimates, phase = ops.ones((1, 8, 4, 1)), ops.ones((1, 8, 4, 1))
        >>> targets = ops.concatenate([estimates, 0 * phase, phase, 0 * phase], axis=-1)
        >>> float(waveform_error(settings)(targets, estimates)[0])
        0.0
    """
    window, hop = settings.window, settings.hop
    turns = -(-window // hop)  # frames at this distance do not overlap
    synthesis = dual_window(window, hop) * window**0.5

    def error(targets: KerasTensor, estimates: KerasTensor) -> KerasTensor:
        pieces = _windows(*_difference(targets, estimates)) * synthesis
        frames = -(-pieces.shape[1] // turns) * turns
        pieces = ops.pad(pieces, ((0, 0), (0, frames - pieces.shape[1]), (0, turns * hop - window)))
        waveform = 0
        for turn in range(turns):  # overlap and add
            row = ops.reshape(pieces[:, turn::turns], (-1, frames * hop))
            waveform += ops.pad(row, ((0, 0), (turn * hop, (turns - 1 - turn) * hop)))
        return ops.mean(ops.abs(waveform), axis=-1)

    return error


def _difference(targets: KerasTensor, estimates: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
    """Real and imaginary parts `(batch, bins, frames)` of estimates with the mixture's phase, minus the targets."""
    estimate = estimates[..., 0]
    return estimate * targets[..., 2] - targets[..., 0], estimate * targets[..., 3] - targets[..., 1]


def _windows(real: KerasTensor, imaginary: KerasTensor) -> KerasTensor:
    """Waveforms `(batch, frames, window)` of spectra `(batch, bins, frames)`, whose phases refer to the centre.

    The bin at half the sample rate, which the networks do not process, is zero.
    """
    signs = 1 - 2 * (ops.arange(real.shape[1]) % 2)  # move the centre from the first sample to the middle
    signs = ops.cast(signs, real.dtype)
    spectra = (ops.pad(ops.transpose(part, (0, 2, 1)) * signs, ((0, 0), (0, 0), (0, 1))) for part in (real, imaginary))
    return ops.irfft(tuple(spectra))


def complex_error(settings: Spectrogram) -> Function:
    """The root-mean-square error of complex spectrograms, per patch; estimates have the mixture's phase.

    The SDR is based on the logarithm of its square. The root is a compromise: with the square, loud patches would
    outweigh all others; with the logarithm, quiet ones would count as much as loud ones.

    Examples:
        >>> from keras import ops
        >>> settings = Spectrogram(sample_rate=8192, window=16, hop=12)
        >>> estimates, phase = ops.ones((1, 8, 4, 1)), ops.ones((1, 8, 4, 1))
        >>> targets = ops.concatenate([0 * phase, -estimates, phase, 0 * phase], axis=-1)
        >>> round(float(complex_error(settings)(targets, estimates)[0]), 3)
        1.414
    """

    def error(targets: KerasTensor, estimates: KerasTensor) -> KerasTensor:
        real, imaginary = _difference(targets, estimates)
        return ops.sqrt(ops.mean(real**2 + imaginary**2, axis=(1, 2)) + QUIET**2)

    return error


L1 = Loss(lambda settings: losses.mean_absolute_error)  # of magnitudes, as in the paper
COMPLEX = Loss(complex_error, complex_targets=True)
WAVEFORM = Loss(waveform_error, complex_targets=True)
