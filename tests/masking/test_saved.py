"""Trained networks, read from their folder."""

from pathlib import Path

import numpy as np
import pytest

from cunet.errors import UserError
from cunet.export.export import export
from cunet.masking.saved import OnnxNetwork, load_networks, load_trained
from cunet.models.architecture import weights_file
from cunet.models.networks import build
from cunet.params import Params
from tests.networks import INSTRUMENTS, ORIGINAL, PLACED, describe, inputs, run
from tests.saved import whole_model


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
    assert loaded.model_copy(update={"sha256": {}}) == architecture
    assert set(loaded.sha256) == {f"{network}.weights.h5" for network in architecture.networks}
    assert tuple(networks) == ((name,) if architecture.conditioned else INSTRUMENTS)
    for network, model in networks.items():
        np.testing.assert_array_equal(run(model, patches, conditions), expected[network])


def test_a_network_exported_to_onnx_is_called_like_one_of_keras(prepared: Path, tmp_path: Path) -> None:
    model = whole_model(tmp_path / "model", "simple-dense", prepared)
    export(model, "onnx", tmp_path / "onnx")
    (architecture, (expected,)), (_, (found,)) = (
        (loaded, networks.values()) for loaded, networks in map(load_networks, (model, tmp_path / "onnx"))
    )
    assert isinstance(found, OnnxNetwork)
    batch = inputs(architecture, 3)
    np.testing.assert_allclose(found.predict_on_batch(batch), expected.predict_on_batch(batch), atol=1e-5)


def test_a_folder_that_lacks_a_network_is_refused(params: Params, tmp_path: Path) -> None:
    architecture = describe(params, "unet")
    architecture.save(tmp_path)
    for network in architecture.networks[1:]:
        build(architecture, network).save_weights(weights_file(tmp_path, network))
    with pytest.raises(UserError, match=r"no file bass\.weights\.h5, \.keras or \.onnx"):
        load_networks(tmp_path)
