"""Losses: `train.loss` in `params.yaml`."""

from typing import TYPE_CHECKING

from cunet.registry.registry import Registry

if TYPE_CHECKING:
    from cunet.train.losses import Loss

LOSSES: "Registry[Loss]" = Registry(
    "loss",
    {
        "l1": "cunet.train.losses:L1",
        "complex": "cunet.train.losses:COMPLEX",
        "waveform": "cunet.train.losses:WAVEFORM",
    },
)
