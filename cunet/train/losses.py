"""Losses, which a training minimises; their names are in `cunet.registry.losses`."""

from collections.abc import Callable
from dataclasses import dataclass

from keras import KerasTensor, losses, ops

from cunet.settings.spectrogram import Spectrogram
from cunet.signals.windows import dual_window

QUIET = 3e-5  # magnitude below which errors hardly count: the root of zero has no derivative
Function = Callable[[KerasTensor, KerasTensor], KerasTensor]  # of targets and estimates


@dataclass(frozen=True)
class Loss:
    """A loss.

    Attributes:
        make: a function of targets and estimates, for the settings of their spectrograms. Estimates are magnitudes
            `(batch, bins, frames, 1)`, divided by the peak of the track's mixture.
        complex_targets: whether targets are complex, `(batch, bins, frames, 4)`: real and imaginary parts of the
            target, cosine and sine of the mixture's phase, which an estimate has; or else magnitudes, of the shape of
            the estimates.
    """

    make: Callable[[Spectrogram], Function]
    complex_targets: bool = False


def waveform_error(settings: Spectrogram) -> Function:
    """The mean absolute error of the waveforms that estimates with the mixture's phase become.

    Both transforms are linear, so one inverse transform of the difference is enough. It is scaled to the size of the
    error of the magnitudes: by the square root of the window.

    Examples:
        >>> from keras import ops
        >>> settings = Spectrogram(sample_rate=8192, window=16, hop=12)
        >>> estimates, phase = ops.ones((1, 8, 4, 1)), ops.ones((1, 8, 4, 1))
        >>> targets = ops.concatenate([estimates, 0 * phase, phase, 0 * phase], axis=-1)
        >>> float(waveform_error(settings)(targets, estimates)[0])
        0.0
    """
    window, hop = settings.window, settings.hop
    turns = -(-window // hop)  # every so many frames, two do not overlap
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
    """Real and imaginary parts `(batch, bins, frames)` of estimates with the mixture's phase, less the targets."""
    estimate = estimates[..., 0]
    return estimate * targets[..., 2] - targets[..., 0], estimate * targets[..., 3] - targets[..., 1]


def _windows(real: KerasTensor, imaginary: KerasTensor) -> KerasTensor:
    """Waveforms `(batch, frames, window)` of spectra `(batch, bins, frames)`, whose phases refer to the centre.

    The bin at half the sample rate, which networks do not see, is zero.
    """
    signs = 1 - 2 * (ops.arange(real.shape[1]) % 2)  # turn the centre from the first sample to the middle
    signs = ops.cast(signs, real.dtype)
    spectra = (ops.pad(ops.transpose(part, (0, 2, 1)) * signs, ((0, 0), (0, 0), (0, 1))) for part in (real, imaginary))
    return ops.irfft(tuple(spectra))


def complex_error(settings: Spectrogram) -> Function:
    """The root-mean-square error of complex spectrograms, of each patch; estimates have the mixture's phase.

    Its square is the error whose logarithm is the SDR. The root keeps loud patches from outweighing all others, as the
    square would let them, and quiet ones from counting as much as loud ones, as the logarithm would.

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


L1 = Loss(lambda settings: losses.mean_absolute_error)  # of magnitudes, the paper's
COMPLEX = Loss(complex_error, complex_targets=True)
WAVEFORM = Loss(waveform_error, complex_targets=True)
