"""The U-Net: its size, and estimates within the mixture."""

import keras
import numpy as np
import pytest

from cunet.models.networks import build
from cunet.models.unet import unet
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


def test_every_block_is_modulated_once_from_the_outside_in_and_out_again(params: Params) -> None:
    blocks = []

    def modulate(x: keras.KerasTensor, block: str) -> keras.KerasTensor:
        blocks.append((block, x.shape[1], x.shape[-1]))
        return x

    unet(keras.Input((64, 16, 1)), params.unet.model_copy(update={"layers": 3, "filters": 2}), modulate)
    encoder = [("encoder_1", 32, 2), ("encoder_2", 16, 4), ("encoder_3", 8, 8)]
    assert blocks == [*encoder, ("decoder_2", 16, 4), ("decoder_1", 32, 2)]


def test_the_estimate_is_the_mask_times_the_mixture_and_dropout_is_in_the_deeper_half(params: Params) -> None:
    settings = params.unet.model_copy(update={"layers": 4, "filters": 2, "dropout": 0.5})
    mixture = keras.Input((32, 16, 1))
    network = keras.Model(mixture, unet(mixture, settings))
    patches = np.random.default_rng(0).uniform(size=(2, 32, 16, 1)).astype(np.float32)
    mask = keras.Model(mixture, network.get_layer("mask").output).predict_on_batch(patches)
    np.testing.assert_allclose(network.predict_on_batch(patches), mask * patches, rtol=1e-5)
    assert np.ptp(mask) > 0.01
    dropouts = [layer.name for layer in network.layers if isinstance(layer, keras.layers.Dropout)]
    assert dropouts == ["decoder_dropout_3", "decoder_dropout_2"]
