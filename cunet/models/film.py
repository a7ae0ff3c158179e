"""Feature-wise linear modulation (Perez et al., AAAI 2018), as the Conditioned-U-Net uses it."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("cunet")
class FiLM(keras.layers.Layer):
    """gamma * x + beta (Meseguer-Brocal & Peeters, ISMIR 2019, equations 1 and 2).

    Takes the list [x, gamma, beta] with x `(batch, bins, frames, maps)`. Complex FiLM has gammas and
    betas `(batch, maps)`, one pair a feature map; simple FiLM has `(batch, 1)`, one pair for them all.
    """

    def call(self, inputs: list[Any]) -> Any:
        """Modulate; the result has the shape of x."""
        x, gamma, beta = inputs
        return _over_bins_and_frames(gamma) * x + _over_bins_and_frames(beta)

    def compute_output_shape(self, input_shape: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """Shape of x."""
        return input_shape[0]


def _over_bins_and_frames(values: Any) -> Any:
    return ops.expand_dims(ops.expand_dims(values, 1), 1)
