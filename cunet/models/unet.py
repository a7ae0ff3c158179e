"""The generic U-Net on magnitude spectrograms (Jansson et al., ISMIR 2017)."""

from collections.abc import Callable

from keras import KerasTensor, layers

from cunet.settings.models import Unet

KERNEL = (5, 5)
MOMENTUM = 0.9  # of batch normalisation, as in the original: statistics stay up to date in short trainings
Modulate = Callable[[KerasTensor, str], KerasTensor]


def unmodulated(x: KerasTensor, block: str) -> KerasTensor:
    """Return the feature maps unchanged."""
    return x


def unet(mixture: KerasTensor, settings: Unet, modulate: Modulate = unmodulated) -> KerasTensor:
    """Estimate of the target: a mask in [0, 1] times the mixture.

    Args:
        mixture: magnitudes `(batch, bins, frames, 1)`; bins and frames are multiples of `2**layers`.
        settings: depth, filters of the first layer, dropout.
        modulate: takes the normalised feature maps of a block such as `encoder_1` or `decoder_3`, before their
            activation, and returns them conditioned.

    Returns:
        magnitudes `(batch, bins, frames, 1)`; the layer `mask` holds the mask.

    Examples:
        >>> from keras import Input
        >>> settings = Unet(layers=3, filters=4, dropout=0)
        >>> unet(Input((64, 16, 1)), settings).shape
        (None, 64, 16, 1)
    """
    skips = []
    x = mixture
    for number in range(1, settings.layers + 1):
        x = _encode(x, settings.filters * 2 ** (number - 1), number, modulate)
        skips.append(x)
    x = skips.pop()
    for number in range(settings.layers - 1, 0, -1):
        dropout = settings.dropout if number >= settings.layers / 2 else 0.0
        x = _decode(x, settings.filters * 2 ** (number - 1), number, dropout, modulate)
        x = layers.Concatenate(name=f"skip_{number}")([x, skips.pop()])
    mask = layers.Conv2DTranspose(1, KERNEL, strides=2, padding="same", activation="sigmoid", name="mask")(x)
    return layers.Multiply(name="estimate", dtype="float32")([mask, mixture])  # also in mixed precision


def _encode(x: KerasTensor, filters: int, number: int, modulate: Modulate) -> KerasTensor:
    x = layers.Conv2D(filters, KERNEL, strides=2, padding="same", name=f"encoder_{number}")(x)
    x = layers.BatchNormalization(momentum=MOMENTUM, name=f"encoder_norm_{number}")(x)
    x = modulate(x, f"encoder_{number}")
    return layers.LeakyReLU(0.2, name=f"encoder_activation_{number}")(x)


def _decode(x: KerasTensor, filters: int, number: int, dropout: float, modulate: Modulate) -> KerasTensor:
    x = layers.Conv2DTranspose(filters, KERNEL, strides=2, padding="same", name=f"decoder_{number}")(x)
    x = layers.BatchNormalization(momentum=MOMENTUM, name=f"decoder_norm_{number}")(x)
    x = modulate(x, f"decoder_{number}")
    x = layers.ReLU(name=f"decoder_activation_{number}")(x)
    return layers.Dropout(dropout, name=f"decoder_dropout_{number}")(x) if dropout else x
