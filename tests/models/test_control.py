"""Control networks: from a condition to the hidden vector."""

from typing import Any

import keras
import numpy as np
import pytest

from cunet.models.control import ControlNetwork, conv_control, dense_control, scaled
from tests.networks import INSTRUMENTS

KINDS = pytest.mark.parametrize("control", [dense_control, conv_control])


def network(control: ControlNetwork, widths: list[int]) -> keras.Model:
    condition = keras.Input((len(INSTRUMENTS),))
    return keras.Model(condition, control(condition, widths, 0.5))


@KINDS
@pytest.mark.parametrize("widths", [[5], [4, 8], [2, 4, 16]])
def test_the_hidden_vector_has_the_last_width_and_there_is_a_layer_per_width(
    control: ControlNetwork, widths: list[int]
) -> None:
    model = network(control, widths)
    assert model.output_shape == (None, widths[-1])
    kernels = [layer for layer in model.layers if hasattr(layer, "kernel")]
    assert [layer.kernel.shape[-1] for layer in kernels] == widths


@KINDS
def test_every_instrument_reaches_the_hidden_vector(control: ControlNetwork) -> None:
    keras.utils.set_random_seed(0)
    vectors = network(control, [16, 32]).predict_on_batch(np.eye(len(INSTRUMENTS), dtype=np.float32))
    assert len(np.unique(np.round(vectors, 6), axis=0)) == len(INSTRUMENTS)


@KINDS
def test_the_condition_is_dropped_out_in_training_alone(control: ControlNetwork) -> None:
    keras.utils.set_random_seed(0)
    model = network(control, [8, 64])
    condition = np.ones((1, len(INSTRUMENTS)), np.float32)
    first, second = (np.asarray(model(condition, training=False)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    dropout = next(layer for layer in model.layers if isinstance(layer, keras.layers.Dropout))
    hidden: Any = keras.Model(model.input, dropout.output)
    kept, dropped = (np.asarray(hidden(condition, training=training)) for training in (False, True))
    assert 0.2 < (dropped[kept > 0] == 0).mean() < 0.8


def test_the_vector_is_divided_by_the_square_root_of_its_width() -> None:
    vector = keras.Input((16,))
    found = keras.Model(vector, scaled(vector)).predict_on_batch(np.arange(16, dtype=np.float32)[None])
    np.testing.assert_allclose(found[0], np.arange(16) / 4)
