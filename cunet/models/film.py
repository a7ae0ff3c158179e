"""Feature-wise linear modulation (Perez et al., AAAI 2018), as the Conditioned-U-Net uses it."""

from typing import Any

from keras import layers


def film(x: Any, gamma: Any, beta: Any, block: str) -> Any:
    """Scale and shift feature maps: gamma * x + beta (Meseguer-Brocal & Peeters, ISMIR 2019, equations 1 and 2).

    Built of Keras' own layers, so that a saved model loads where this package is not installed.

    Args:
        x: feature maps `(batch, bins, frames, maps)`.
        gamma: `(batch, maps)` for complex FiLM, one a feature map; `(batch, 1)` for simple FiLM, one for all.
        beta: of the shape of gamma.
        block: of the U-Net, for the names.
    """
    scaled = layers.Multiply(name=f"film_scale_{block}")([x, _over_bins_and_frames(gamma, f"gamma_map_{block}")])
    return layers.Add(name=f"film_{block}")([scaled, _over_bins_and_frames(beta, f"beta_map_{block}")])


def _over_bins_and_frames(values: Any, name: str) -> Any:
    return layers.Reshape((1, 1, values.shape[-1]), name=name)(values)
