"""Trained networks, read from their folder."""

from pathlib import Path

import numpy as np
import pytest

from cunet.masking.saved import load_networks
from cunet.models.architecture import weights_file
from cunet.models.networks import build
from cunet.params import Params
from tests.networks import INSTRUMENTS, ORIGINAL, PLACED, describe, inputs, run


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
    loaded, networks = load_networks(tmp_path)
    assert loaded == architecture
    assert tuple(networks) == ((name,) if architecture.conditioned else INSTRUMENTS)
    for network, model in networks.items():
        np.testing.assert_array_equal(run(model, patches, conditions), expected[network])
