"""Control networks: from a condition to the hidden vector that the gammas and betas are read from.

Section 3.2 of Meseguer-Brocal & Peeters (ISMIR 2019): a first layer, then blocks with dropout and
batch normalisation.
"""

from collections.abc import Callable
from typing import Any

from keras import initializers, layers

from cunet.models.unet import MOMENTUM
from cunet.variant import Film

STANDARD_DEVIATION = 0.02  # of the first weights of gammas and betas, as in the original


def dense_control(condition: Any, widths: list[int], dropout: float) -> Any:
    """Fully connected control: `(batch, instruments)` to `(batch, widths[-1])`."""
    x = layers.Dense(widths[0], activation="relu", name="control_1")(condition)
    for number, width in enumerate(widths[1:], start=2):
        x = layers.Dense(width, activation="relu", name=f"control_{number}")(x)
        x = _regularise(x, dropout, number)
    return x


def conv_control(condition: Any, widths: list[int], dropout: float) -> Any:
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


def _regularise(x: Any, dropout: float, number: int) -> Any:
    x = layers.Dropout(dropout, name=f"control_dropout_{number}")(x)
    return layers.BatchNormalization(momentum=MOMENTUM, name=f"control_norm_{number}")(x)


def scaled(control: Any) -> Any:
    """The hidden vector `(batch, width)`, divided by the square root of its width.

    Adam moves each weight by about the learning rate in a step. Of the sum over 256 normalised values, it would move a
    gamma of simple FiLM by 0.5 in every step, and conditions end up with no sound at all; so divided, by 0.03.
    """
    return layers.Rescaling(control.shape[-1] ** -0.5, name="control_scaled")(control)


def gamma_and_beta(control: Any, film: Film, block: str, maps: int) -> tuple[Any, Any]:
    """Gamma and beta of one block of the U-Net, each `(batch, 1)` for simple FiLM, `(batch, maps)` for complex.

    They start at one and zero but for the original's small weights, so that the U-Net starts almost unmodulated.
    """
    size = 1 if film == "simple" else maps
    small = initializers.RandomNormal(stddev=STANDARD_DEVIATION)

    def head(name: str, start: str) -> Any:
        return layers.Dense(size, kernel_initializer=small, bias_initializer=start, name=f"{name}_{block}")(control)

    return head("gamma", "ones"), head("beta", "zeros")


CONTROLS: dict[str, Callable[[Any, list[int], float], Any]] = {"dense": dense_control, "conv": conv_control}
