"""What an architecture costs: the same on every machine."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

FILE = "cost.json"


@dataclass(frozen=True)
class Cost:
    """Weights of all networks of an architecture, and the work and memory of one target, which takes one network.

    Attributes:
        networks: how many there are.
        weights: of all networks.
        multiply_adds: of convolutions and fully connected layers, for a second of one target.
        activations: bytes that the outputs of all layers take, for one patch.
    """

    networks: int
    weights: int
    multiply_adds: int
    activations: int

    def save(self, folder: Path) -> None:
        """Write it beside the weights."""
        (folder / FILE).write_text(json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        return cls(**json.loads((folder / FILE).read_text()))
