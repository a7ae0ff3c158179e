"""The networks of an architecture: conditioning, placement, and freedom from TensorFlow."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cunet.models.networks import build
from cunet.params import Params
from tests.conftest import ROOT
from tests.networks import CONDITIONED, PLACED, describe, inputs, run


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
for name in ("simple-conv-decoder", "complex-dense-both"):
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


def test_a_network_may_be_called_after_any_instrument(params: Params) -> None:
    """Keras and TensorFlow take letters, digits and dashes alone."""
    for instrument, name in {"chœur né": "network_ch_ur_n_", "lead guitar": "network_lead_guitar"}.items():
        assert build(describe(params, "unet"), instrument).name == name
