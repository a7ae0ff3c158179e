"""Scoring protocols: `evaluate.protocol` in `params.yaml`."""

from typing import TYPE_CHECKING

from cunet.registry.registry import Registry

if TYPE_CHECKING:
    from cunet.evaluation.protocols import Protocol

PROTOCOLS: "Registry[Protocol]" = Registry(
    "protocol",
    {
        "model-rate": "cunet.evaluation.protocols:MODEL_RATE",
        "sisec18": "cunet.evaluation.protocols:SISEC18",
        "paper": "cunet.evaluation.protocols:PAPER",
    },
)
