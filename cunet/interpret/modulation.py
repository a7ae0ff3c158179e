"""The gammas and betas of a control network, and a network with neutral ones."""

import keras
import numpy as np
import pandas as pd

from cunet.conditions.naming import Conditions
from cunet.interpret.tables import KINDS
from cunet.masking.separator import Separator
from cunet.models.architecture import Architecture
from cunet.models.networks import build


def conditioned_network(separator: Separator) -> keras.Model:
    """The trained Keras network of a separator; a network exported to ONNX has no layers to analyse."""
    network = separator.networks[separator.architecture.name]
    assert isinstance(network, keras.Model)
    return network


def modulations(architecture: Architecture, network: keras.Model, conditions: Conditions) -> pd.DataFrame:
    """Gammas and betas of each condition.

    Returns:
        one row per value: condition (its name), kind (gamma or beta), block (such as encoder_1), map (1 for simple
        FiLM) and value; no rows if the network is conditioned in another way.
    """
    heads = _heads(network)
    if not heads:
        return pd.DataFrame(columns=["condition", "kind", "block", "map", "value"])
    control = keras.Model(network.get_layer("condition").output, [head.output for head in heads])
    vectors = [[condition[name] for name in architecture.instruments] for condition in conditions.values()]
    values = control.predict_on_batch(np.array(vectors, np.float32))
    tables = []
    for head, of_head in zip(heads, values, strict=True):
        kind, _, block = head.name.partition("_")
        table = pd.DataFrame(np.asarray(of_head)).assign(condition=list(conditions), kind=kind, block=block)
        tables.append(table.melt(["condition", "kind", "block"], var_name="map"))
    everything = pd.concat(tables, ignore_index=True)
    return everything.assign(map=everything["map"].astype(int) + 1)


def neutral(architecture: Architecture, network: keras.Model) -> keras.Model | None:
    """A copy of a network with all gammas one and all betas zero; None if the network has neither."""
    if not _heads(network):
        return None
    copy = build(architecture, architecture.name)
    copy.set_weights(network.get_weights())
    for head in _heads(copy):
        kernel, bias = head.get_weights()
        head.set_weights([np.zeros_like(kernel), np.full_like(bias, KINDS[head.name.partition("_")[0]])])
    return copy


def _heads(network: keras.Model) -> list[keras.layers.Dense]:
    """The layers that output gammas and betas, in the order of the U-Net's blocks."""
    dense = (layer for layer in network.layers if isinstance(layer, keras.layers.Dense))
    return [layer for layer in dense if layer.name.partition("_")[0] in KINDS]
