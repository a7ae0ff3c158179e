"""FiLM: what it multiplies and adds, and where."""

import numpy as np
import pytest

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
