"""Gammas and betas of conditions, and a network without them."""

import keras
import numpy as np
import pytest

from cunet.conditions.naming import Conditions
from cunet.interpret.modulation import modulations, neutral
from cunet.models.networks import build
from cunet.params import Params
from tests.conftest import TRIO
from tests.interpret.conftest import architecture

NAMES = ["simple-dense", "complex-conv-both", "complex-dense-decoder"]

CONDITIONS: Conditions = {
    "tone": {"clicks": 0.0, "noise": 0.0, "tone": 1.0},
    "clicks+noise": {"clicks": 1.0, "noise": 1.0, "tone": 0.0},
}


def outputs(network: keras.Model, layer: str, conditions: Conditions) -> np.ndarray:
    """What a layer gives for conditions, read where FiLM reads it: in the whole network."""
    model = keras.Model(network.inputs, network.get_layer(layer).output)
    vectors = np.array([[z[name] for name in TRIO] for z in conditions.values()], np.float32)
    return np.asarray(model.predict_on_batch([np.ones((len(vectors), 128, 16, 1), np.float32), vectors]))


@pytest.mark.parametrize("name", NAMES)
def test_the_table_holds_what_film_multiplies_and_adds(params: Params, name: str) -> None:
    subject = architecture(params, name)
    network = build(subject, name)
    table = modulations(subject, network, CONDITIONS)
    blocks = {"encoder": ["encoder_1", "encoder_2", "encoder_3"], "decoder": ["decoder_2", "decoder_1"]}
    expected = [*blocks["encoder"], *blocks["decoder"]] if name.endswith("both") else blocks["encoder"]
    expected = blocks["decoder"] if name.endswith("decoder") else expected
    assert table["block"].unique().tolist() == expected
    assert list(table["condition"].unique()) == list(CONDITIONS)
    for (kind, block), own in table.groupby(["kind", "block"]):
        values = own.pivot(index="condition", columns="map", values="value").loc[list(CONDITIONS)]
        seen = outputs(network, f"{kind}_map_{block}", CONDITIONS)[:, 0, 0, :]
        np.testing.assert_allclose(values, seen, rtol=1e-5, atol=1e-6)
        maps = params.unet.filters * 2 ** (int(str(block)[-1]) - 1)
        assert values.shape[1] == (1 if name.startswith("simple") else maps)


@pytest.mark.parametrize("name", NAMES)
def test_a_neutral_network_is_deaf_to_the_condition_and_the_original_is_untouched(params: Params, name: str) -> None:
    subject = architecture(params, name)
    network = build(subject, name)
    rng = np.random.default_rng(0)
    for layer in network.layers:  # as if it were trained: biases are no longer one and zero
        layer.set_weights([weights + 0.1 * rng.standard_normal(weights.shape) for weights in layer.get_weights()])
    before = [weights.copy() for weights in network.get_weights()]
    alone = neutral(subject, network)
    assert alone is not None
    table = modulations(subject, alone, CONDITIONS)
    np.testing.assert_array_equal(table["value"], (table["kind"] == "gamma").astype(float))
    mixture = np.repeat(rng.uniform(size=(1, 128, 16, 1)), 2, axis=0).astype(np.float32)
    vectors = np.eye(3, dtype=np.float32)[:2]
    first, second = np.asarray(alone.predict_on_batch([mixture, vectors]))
    np.testing.assert_allclose(first, second, atol=1e-6)
    told, other = np.asarray(network.predict_on_batch([mixture, vectors]))
    assert np.abs(told - other).max() > 1e-4
    for weights, kept in zip(network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weights, kept)
