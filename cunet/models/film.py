"""Feature-wise linear modulation (Perez et al., AAAI 2018), as the Conditioned-U-Net uses it."""

from typing import Protocol

from keras import KerasTensor, initializers, layers

STANDARD_DEVIATION = 0.02  # of the initial weights of gammas and betas, as in the original


class Modulation(Protocol):
    """A function that conditions the feature maps of a U-Net block; `cunet.registry.films` lists them."""

    def __call__(self, x: KerasTensor, control: KerasTensor, block: str) -> KerasTensor:
        """The conditioned feature maps.

        Args:
            x: feature maps `(batch, bins, frames, maps)`, normalised, before the activation.
            control: hidden vector of the control network `(batch, width)`.
            block: block of the U-Net, such as `encoder_1`; names of new layers must end with it. The interpret stage
                shows the outputs of dense layers called `gamma_<block>` and `beta_<block>`.
        """


def simple_film(x: KerasTensor, control: KerasTensor, block: str) -> KerasTensor:
    """One gamma and one beta for all feature maps of a block."""
    return film(x, *_gamma_and_beta(control, 1, block), block)


def complex_film(x: KerasTensor, control: KerasTensor, block: str) -> KerasTensor:
    """One gamma and one beta per feature map.

    Examples:
        >>> from keras import Input
        >>> maps, control = Input((64, 16, 4)), Input((8,))
        >>> complex_film(maps, control, "encoder_1").shape
        (None, 64, 16, 4)
    """
    return film(x, *_gamma_and_beta(control, x.shape[-1], block), block)


def film(x: KerasTensor, gamma: KerasTensor, beta: KerasTensor, block: str) -> KerasTensor:
    """Scale and shift feature maps: gamma * x + beta (Meseguer-Brocal & Peeters, ISMIR 2019, equations 1 and 2).

    Built from Keras' own layers, so that a saved model loads without this package.

    Args:
        x: feature maps `(batch, bins, frames, maps)`.
        gamma: `(batch, maps)` for complex FiLM, one per feature map; `(batch, 1)` for simple FiLM, one for all.
        beta: same shape as gamma.
        block: block of the U-Net, for the names of layers.
    """
    scaled = layers.Multiply(name=f"film_scale_{block}")([x, _over_bins_and_frames(gamma, f"gamma_map_{block}")])
    shift = _over_bins_and_frames(beta, f"beta_map_{block}")
    # The shift first: Keras on TensorFlow mistakes a second term with one value per row for a bias over feature maps.
    return layers.Add(name=f"film_{block}")([shift, scaled])


def _over_bins_and_frames(values: KerasTensor, name: str) -> KerasTensor:
    return layers.Reshape((1, 1, values.shape[-1]), name=name)(values)


def _gamma_and_beta(control: KerasTensor, size: int, block: str) -> tuple[KerasTensor, KerasTensor]:
    """Gamma and beta of one block of the U-Net, each `(batch, size)`.

    They start near one and zero, with the small weights of the original, so that the U-Net starts almost unmodulated.
    """
    small = initializers.RandomNormal(stddev=STANDARD_DEVIATION)

    def head(name: str, start: str) -> KerasTensor:
        return layers.Dense(size, kernel_initializer=small, bias_initializer=start, name=f"{name}_{block}")(control)

    return head("gamma", "ones"), head("beta", "zeros")
