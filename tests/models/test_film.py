"""FiLM: what it multiplies and adds, and where."""

import keras
import numpy as np
import pytest

from cunet.models.film import Modulation, complex_film, film, simple_film
from cunet.models.networks import build
from cunet.params import Params
from tests.networks import CONDITIONED, describe


@pytest.mark.parametrize("name", CONDITIONED)
def test_gammas_and_betas_have_the_size_that_the_film_says_and_start_near_neutral(params: Params, name: str) -> None:
    architecture = describe(params, name)
    network = build(architecture, name)
    for layer in range(1, params.unet.layers + 1):
        maps = params.unet.filters * 2 ** (layer - 1)
        gamma, beta = (network.get_layer(f"{kind}_encoder_{layer}") for kind in ("gamma", "beta"))
        assert gamma.units == beta.units == (1 if name.startswith("simple") else maps)
        np.testing.assert_array_equal(gamma.bias, 1)
        np.testing.assert_array_equal(beta.bias, 0)


def test_maps_are_multiplied_by_gamma_and_beta_is_added() -> None:
    x, gamma, beta = keras.Input((4, 5, 3)), keras.Input((3,)), keras.Input((3,))
    model = keras.Model([x, gamma, beta], film(x, gamma, beta, "encoder_1"))
    rng = np.random.default_rng(0)
    values = [rng.standard_normal(shape).astype(np.float32) for shape in ((2, 4, 5, 3), (2, 3), (2, 3))]
    expected = values[1][:, None, None] * values[0] + values[2][:, None, None]
    np.testing.assert_allclose(model.predict_on_batch(values), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [1, 3], ids=["simple", "complex"])
def test_every_row_of_a_batch_has_its_own_gamma_and_beta_where_there_are_as_many_rows_as_maps(size: int) -> None:
    x, gamma, beta = keras.Input((4, 5, 3)), keras.Input((size,)), keras.Input((size,))
    model = keras.Model([x, gamma, beta], film(x, gamma, beta, "encoder_1"))
    rng = np.random.default_rng(0)
    values = [rng.standard_normal(shape).astype(np.float32) for shape in ((3, 4, 5, 3), (3, size), (3, size))]
    expected = values[1][:, None, None] * values[0] + values[2][:, None, None]
    np.testing.assert_allclose(model(values), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("modulation", "alike"), [(simple_film, True), (complex_film, False)])
def test_simple_film_does_the_same_to_all_maps_and_complex_film_does_not(modulation: Modulation, alike: bool) -> None:
    keras.utils.set_random_seed(0)
    x, control = keras.Input((2, 2, 3)), keras.Input((8,))
    model = keras.Model([x, control], modulation(x, control, "encoder_1"))
    maps = model.predict_on_batch([np.ones((1, 2, 2, 3), np.float32), np.full((1, 8), 9, np.float32)])[0, 0, 0]
    assert (np.ptp(maps) < 1e-6) == alike
    assert np.abs(maps - 1).max() > 1e-3
