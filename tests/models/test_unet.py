"""The U-Net: its size, and estimates within the mixture."""

import pytest

from cunet.models.networks import build
from cunet.params import Params
from tests.networks import ORIGINAL, PLACED, describe, inputs, run


@pytest.mark.parametrize("name", [*ORIGINAL, *PLACED[1:]])
@pytest.mark.parametrize(("layers", "filters"), [(2, 3), (4, 2)])
def test_the_estimate_is_a_share_of_the_mixture_at_any_depth(
    params: Params, name: str, layers: int, filters: int
) -> None:
    unet = params.unet.model_copy(update={"layers": layers, "filters": filters})
    architecture = describe(params, name, unet=unet, frames=2 ** (layers + 1))
    network = build(architecture, architecture.networks[0])
    patches, conditions = inputs(architecture)
    estimate = run(network, patches, conditions)
    assert estimate.shape == patches.shape
    assert (estimate >= 0).all()
    assert (estimate <= patches).all()


def test_the_original_size_is_that_of_the_paper(params: Params) -> None:
    """Six layers from 16 filters on patches of 512 x 128: the published U-Net has 9.8 million weights."""
    unet = params.unet.model_copy(update={"layers": 6, "filters": 16})
    spectrogram = params.spectrogram.model_copy(update={"window": 1024, "hop": 768})
    network = build(describe(params, "unet", unet=unet, spectrogram=spectrogram, frames=128), "bass")
    assert network.input_shape == (None, 512, 128, 1)
    assert network.count_params() == pytest.approx(9.8e6, rel=0.02)
