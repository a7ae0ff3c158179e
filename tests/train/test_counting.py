"""The cost of an architecture, counted."""

from cunet.models.networks import build
from cunet.params import Params
from cunet.train.counting import count
from tests.networks import describe


def test_the_cost_is_counted_from_the_layers(params: Params) -> None:
    """By hand: two layers of 3 filters on patches of 128 x 8, 8 frames of 192 samples at 8192 Hz."""
    unet = params.unet.model_copy(update={"layers": 2, "filters": 3})
    architecture = describe(params, "unet", unet=unet, frames=8)
    found = count(architecture, build(architecture, "bass"))
    kernel = 5 * 5
    positions = (64 * 4 * kernel * 1 * 3) + (32 * 2 * kernel * 3 * 6)  # encoder: outputs
    positions += (32 * 2 * kernel * 6 * 3) + (64 * 4 * kernel * 6 * 1)  # decoder and mask: inputs
    assert found.multiply_adds == round(positions * 8192 / (8 * 192))
    assert found.networks == 3
    assert found.weights == 3 * build(architecture, "bass").count_params()
    conditioned = describe(params, "complex-dense", unet=unet, frames=8)
    told = count(conditioned, build(conditioned, "complex-dense"))
    assert told.networks == 1
    assert found.multiply_adds < told.multiply_adds < 1.1 * found.multiply_adds
    assert told.activations > found.activations > 2 * 128 * 8 * 4
