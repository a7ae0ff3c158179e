"""The networks: shapes, conditioning, what travels with the weights, and freedom from TensorFlow."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from cunet.models.architecture import BUILDERS, Architecture, load_networks, weights_file
from cunet.params import Params
from tests.conftest import ROOT

INSTRUMENTS = ("bass", "drums", "lead guitar")
CONDITIONED = sorted(BUILDERS.keys() - {"unet"})


def describe(params: Params, name: str, **changes: object) -> Architecture:
    return Architecture(
        name=name,
        instruments=INSTRUMENTS,
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


@pytest.mark.parametrize("name", BUILDERS)
@pytest.mark.parametrize(("layers", "filters"), [(2, 3), (4, 2)])
def test_the_estimate_is_a_share_of_the_mixture_at_any_depth(
    params: Params, name: str, layers: int, filters: int
) -> None:
    unet = params.unet.model_copy(update={"layers": layers, "filters": filters})
    architecture = describe(params, name, unet=unet, frames=2 ** (layers + 1))
    network = architecture.build(architecture.networks[0])
    patches, conditions = inputs(architecture)
    estimate = run(network, patches, conditions)
    assert estimate.shape == patches.shape
    assert (estimate >= 0).all()
    assert (estimate <= patches).all()


def test_the_original_size_is_that_of_the_paper(params: Params) -> None:
    """Six layers from 16 filters on patches of 512 x 128: the published U-Net has 9.8 million weights."""
    unet = params.unet.model_copy(update={"layers": 6, "filters": 16})
    spectrogram = params.spectrogram.model_copy(update={"window": 1024, "hop": 768})
    network = describe(params, "unet", unet=unet, spectrogram=spectrogram, frames=128).build("bass")
    assert network.input_shape == (None, 512, 128, 1)
    assert network.count_params() == pytest.approx(9.8e6, rel=0.02)


@pytest.mark.parametrize("name", CONDITIONED)
def test_gammas_and_betas_have_the_size_that_the_film_says_and_start_near_neutral(params: Params, name: str) -> None:
    architecture = describe(params, name)
    network = architecture.build(name)
    for layer in range(1, params.unet.layers + 1):
        maps = params.unet.filters * 2 ** (layer - 1)
        gamma, beta = (network.get_layer(f"{kind}_{layer}") for kind in ("gamma", "beta"))
        assert gamma.units == beta.units == (1 if name.startswith("simple") else maps)
        np.testing.assert_array_equal(gamma.bias, 1)
        np.testing.assert_array_equal(beta.bias, 0)


@pytest.mark.parametrize("name", CONDITIONED)
def test_the_condition_steers_the_estimate_through_the_encoder(params: Params, name: str) -> None:
    architecture = describe(params, name)
    network = architecture.build(name)
    patches, conditions = inputs(architecture)
    same = np.repeat(patches[:1], 2, axis=0)
    first, second = run(network, same, conditions)
    assert np.abs(first - second).max() > 1e-6
    for layer in range(1, params.unet.layers + 1):  # gamma 1, beta 0: the condition has no say any more
        for kind in ("gamma", "beta"):
            head = network.get_layer(f"{kind}_{layer}")
            head.set_weights([np.zeros_like(head.kernel), np.asarray(head.bias)])
    first, second = run(network, same, conditions)
    np.testing.assert_allclose(first, second, atol=1e-6)


@pytest.mark.parametrize("name", BUILDERS)
def test_a_saved_architecture_is_rebuilt_from_its_folder_alone(params: Params, name: str, tmp_path: Path) -> None:
    architecture = describe(params, name)
    patches, conditions = inputs(architecture)
    expected = {}
    for network in architecture.networks:
        model = architecture.build(network)
        expected[network] = run(model, patches, conditions)
        model.save_weights(weights_file(tmp_path, network))
    architecture.save(tmp_path)
    loaded, networks = load_networks(tmp_path)
    assert loaded == architecture
    assert [architecture.network_for(target) in networks for target in INSTRUMENTS] == [True] * 3
    for network, model in networks.items():
        np.testing.assert_array_equal(run(model, patches, conditions), expected[network])


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
    model = architecture.build(name)
    model.save(tmp_path / "model.keras")
    x, z = inputs(architecture)
    np.savez(tmp_path / "inputs.npz", x=x, z=z, y=run(model, x, z))
    subprocess.run([sys.executable, "-P", "-c", LOAD_SCRIPT], cwd=tmp_path, check=True)


BACKEND_SCRIPT = """
import sys
import keras, numpy as np
from cunet.models.architecture import BUILDERS, Architecture
from cunet.params import load_params
params = load_params()
unet = params.unet.model_copy(update={"layers": 2, "filters": 2})
spectrogram = params.spectrogram.model_copy(update={"window": 64, "hop": 48})
for name in BUILDERS:
    architecture = Architecture(name=name, instruments=("a", "b"), frames=8, spectrogram=spectrogram, unet=unet,
                                controls=params.controls)
    model = architecture.build(architecture.networks[0])
    model.compile("adam", loss="mean_absolute_error")
    x, z = np.ones((4, 32, 8, 1), "float32"), np.eye(2, dtype="float32")[[0, 1, 0, 1]]
    loss = model.train_on_batch([x, z] if architecture.conditioned else x, 0.5 * x)
    assert np.isfinite(loss), name
assert keras.backend.backend() == "jax"
assert "tensorflow" not in sys.modules, "a model imported TensorFlow"
"""


def test_every_architecture_trains_on_jax_without_tensorflow() -> None:
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    result = subprocess.run(
        [sys.executable, "-c", BACKEND_SCRIPT], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
