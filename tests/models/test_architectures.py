"""The networks: shapes, conditioning, what travels with the weights, and freedom from TensorFlow."""

import os
import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from cunet.masking.saved import load_trained
from cunet.models.architecture import Architecture, weights_file
from cunet.models.networks import build
from cunet.params import Params
from cunet.train.counting import count
from tests.conftest import ROOT

INSTRUMENTS = ("bass", "drums", "lead guitar")
CONDITIONED = ["simple-dense", "simple-conv", "complex-dense", "complex-conv"]
ORIGINAL = ["unet", *CONDITIONED]
PLACED = ["simple-dense", "complex-dense-decoder", "simple-conv-both-pairs"]


def describe(params: Params, name: str, **changes: object) -> Architecture:
    return Architecture(
        name=name,
        instruments=INSTRUMENTS,
        conditions=((1, 0, 0), (0, 1, 0), (0, 0, 1)),
        frames=params.patch.frames,
        spectrogram=params.spectrogram,
        unet=params.unet,
        controls=params.controls,
    ).model_copy(update=changes)


def inputs(architecture: Architecture, batch: int = 2) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    patches = rng.uniform(size=(batch, architecture.bins, architecture.frames, 1)).astype(np.float32)
    return [patches, np.eye(len(architecture.instruments), dtype=np.float32)[:batch]]


def run(network: keras.Model, patches: np.ndarray, conditions: np.ndarray) -> np.ndarray:
    arguments = [patches, conditions] if len(network.inputs) == 2 else patches
    return np.asarray(network.predict_on_batch(arguments))


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


@pytest.mark.parametrize("name", [*CONDITIONED, *PLACED[1:]])
def test_the_condition_steers_the_estimate_through_film_alone(params: Params, name: str) -> None:
    architecture = describe(params, name)
    network = build(architecture, name)
    patches, conditions = inputs(architecture)
    same = np.repeat(patches[:1], 2, axis=0)
    first, second = run(network, same, conditions)
    assert np.abs(first - second).max() > 1e-6
    for head in (layer for layer in network.layers if layer.name.startswith(("gamma_", "beta_"))):
        if head.weights:  # gamma 1, beta 0: the condition has no say any more
            head.set_weights([np.zeros_like(head.kernel), np.asarray(head.bias)])
    first, second = run(network, same, conditions)
    np.testing.assert_allclose(first, second, atol=1e-6)


@pytest.mark.parametrize("name", [*ORIGINAL, *PLACED[1:]])
def test_a_saved_architecture_is_rebuilt_from_its_folder_alone(params: Params, name: str, tmp_path: Path) -> None:
    architecture = describe(params, name)
    patches, conditions = inputs(architecture)
    expected = {}
    for network in architecture.networks:
        model = build(architecture, network)
        expected[network] = run(model, patches, conditions)
        model.save_weights(weights_file(tmp_path, network))
    architecture.save(tmp_path)
    loaded, networks = load_trained(tmp_path)
    assert loaded == architecture
    assert tuple(networks) == ((name,) if architecture.conditioned else INSTRUMENTS)
    for network, model in networks.items():
        np.testing.assert_array_equal(run(model, patches, conditions), expected[network])


@pytest.mark.parametrize(("name", "encoder", "decoder"), [(PLACED[0], 3, 0), (PLACED[1], 0, 2), (PLACED[2], 3, 2)])
def test_film_is_where_the_placement_says_and_acts_between_normalisation_and_activation(
    params: Params, name: str, encoder: int, decoder: int
) -> None:
    network = build(describe(params, name), name)
    names = [layer.name for layer in network.layers]
    films = [name for name in names if re.fullmatch(r"film_(en|de)coder_\d", name)]
    assert len([name for name in films if "encoder" in name]) == encoder
    assert len([name for name in films if "decoder" in name]) == decoder
    for film in films:
        block, number = film.removeprefix("film_").split("_")
        ((after,),) = ([node.operation.name] for node in network.get_layer(film)._outbound_nodes)
        assert after == f"{block}_activation_{number}"
        scale = network.get_layer(film.replace("film", "film_scale"))
        before = {source.operation.name for source in scale._inbound_nodes[0].parent_nodes}
        assert f"{block}_norm_{number}" in before


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


LOAD_SCRIPT = """
import sys, keras, numpy as np
network = keras.saving.load_model("model.keras")
assert not any(name.startswith("cunet") for name in sys.modules)
inputs = np.load("inputs.npz")
np.testing.assert_array_equal(network.predict_on_batch([inputs["x"], inputs["z"]]), inputs["y"])
"""


@pytest.mark.parametrize("name", ["simple-dense", "complex-conv"])
def test_a_saved_keras_model_loads_where_this_package_is_not(params: Params, name: str, tmp_path: Path) -> None:
    architecture = describe(params, name)
    model = build(architecture, name)
    model.save(tmp_path / "model.keras")
    x, z = inputs(architecture)
    np.savez(tmp_path / "inputs.npz", x=x, z=z, y=run(model, x, z))
    subprocess.run([sys.executable, "-P", "-c", LOAD_SCRIPT], cwd=tmp_path, check=True)


BACKEND_SCRIPT = """
import sys
import keras, numpy as np
from cunet.models.architecture import Architecture
from cunet.models.networks import build
from cunet.params import load_params
params = load_params()
unet = params.unet.model_copy(update={"layers": 2, "filters": 2})
spectrogram = params.spectrogram.model_copy(update={"window": 64, "hop": 48})
for name in ("unet", "simple-conv-decoder", "complex-dense-both"):
    architecture = Architecture(name=name, instruments=("a", "b"), conditions=((1, 0), (0, 1)), frames=8,
                                spectrogram=spectrogram, unet=unet, controls=params.controls)
    model = build(architecture, architecture.networks[0])
    model.compile("adam", loss="mean_absolute_error")
    x, z = np.ones((4, 32, 8, 1), "float32"), np.eye(2, dtype="float32")[[0, 1, 0, 1]]
    loss = model.train_on_batch([x, z] if architecture.conditioned else x, 0.5 * x)
    assert np.isfinite(loss), name
assert keras.backend.backend() == "jax"
assert "tensorflow" not in sys.modules, "a model imported TensorFlow"
"""


def test_networks_of_every_part_train_on_jax_without_tensorflow() -> None:
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    result = subprocess.run(
        [sys.executable, "-c", BACKEND_SCRIPT], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
