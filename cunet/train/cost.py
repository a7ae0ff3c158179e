"""Costs of an architecture that do not depend on the machine."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from cunet.files import intact

FILE = "cost.json"


@dataclass(frozen=True)
class Cost:
    """Weights of all networks of an architecture, and the operations and memory of one target, from one network.

    Attributes:
        networks: number of networks.
        weights: number of weights of all networks.
        multiply_adds: of convolutions and fully connected layers, per second of one target.
        activations: bytes of the outputs of all layers, for one patch.
    """

    networks: int
    weights: int
    multiply_adds: int
    activations: int

    def save(self, folder: Path) -> None:
        """Write the cost to the folder of the weights."""
        (folder / FILE).write_text(json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the file of `save`."""
        path = folder / FILE
        with intact(path):
            return cls(**json.loads(path.read_text()))
