"""Control networks: from a condition to the hidden vector from which gammas and betas are computed.

Section 3.2 of Meseguer-Brocal & Peeters (ISMIR 2019): a first layer, then blocks with dropout and
batch normalisation.
"""

from typing import Protocol

from keras import KerasTensor, layers

from cunet.models.unet import MOMENTUM


class ControlNetwork(Protocol):
    """A function that builds a control network; `cunet.registry.controls` lists them."""

    def __call__(self, condition: KerasTensor, widths: list[int], dropout: float) -> KerasTensor:
        """The hidden vector `(batch, width)` of conditions `(batch, instruments)`.

        Args:
            condition: weights in [0, 1].
            widths: widths of the hidden layers, from `controls` in `params.yaml`.
            dropout: dropout rate of the hidden layers.
        """


def dense_control(condition: KerasTensor, widths: list[int], dropout: float) -> KerasTensor:
    """Fully connected control: `(batch, instruments)` to `(batch, widths[-1])`."""
    x = layers.Dense(widths[0], activation="relu", name="control_1")(condition)
    for number, width in enumerate(widths[1:], start=2):
        x = layers.Dense(width, activation="relu", name=f"control_{number}")(x)
        x = _regularise(x, dropout, number)
    return x


def conv_control(condition: KerasTensor, widths: list[int], dropout: float) -> KerasTensor:
    """Convolutional control, along the instruments: `(batch, instruments)` to `(batch, widths[-1])`.

    The last convolution covers all instruments and leaves one position.
    """
    instruments = condition.shape[-1]
    x = layers.Reshape((instruments, 1), name="control_sequence")(condition)
    for number, width in enumerate(widths, start=1):
        last = number == len(widths)
        x = layers.Conv1D(
            width, instruments, padding="valid" if last else "same", activation="relu", name=f"control_{number}"
        )(x)
        if number > 1:
            x = _regularise(x, dropout, number)
    return layers.Flatten(name="control_vector")(x)


def _regularise(x: KerasTensor, dropout: float, number: int) -> KerasTensor:
    x = layers.Dropout(dropout, name=f"control_dropout_{number}")(x)
    return layers.BatchNormalization(momentum=MOMENTUM, name=f"control_norm_{number}")(x)


def scaled(control: KerasTensor) -> KerasTensor:
    """The hidden vector `(batch, width)`, divided by the square root of its width.

    Adam changes each weight by about the learning rate per step. Without the division, a gamma of simple FiLM, a sum
    over 256 normalised values, would change by 0.5 per step, and some conditions end in silence; with it, by 0.03.
    """
    return layers.Rescaling(control.shape[-1] ** -0.5, name="control_scaled")(control)
