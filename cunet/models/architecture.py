"""The description stored with the weights of an architecture: everything needed to build and use its networks."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from cunet.settings.base import INSTRUMENT, Settings
from cunet.settings.models import Controls, Unet
from cunet.settings.spectrogram import Spectrogram
from cunet.variant import DEDICATED

DESCRIPTION = "architecture.json"
WEIGHTS = ".weights.h5"


class Architecture(Settings):
    """A complete description of an architecture: constructor arguments, conditions and spectrogram settings.

    `conditions` are the training conditions: weights in [0, 1], one per instrument.
    """

    name: str
    instruments: tuple[Annotated[str, Field(pattern=f"^{INSTRUMENT}$")], ...]
    conditions: tuple[tuple[float, ...], ...]
    frames: int
    spectrogram: Spectrogram
    unet: Unet
    controls: Controls

    @property
    def bins(self) -> int:
        """Frequency bins that the networks process."""
        return self.spectrogram.bins

    @property
    def conditioned(self) -> bool:
        """Whether one network isolates all instruments, as a condition asks."""
        return self.name != DEDICATED

    @property
    def networks(self) -> tuple[str, ...]:
        """Names of its networks: the architecture's own, or one per instrument for dedicated models."""
        return (self.name,) if self.conditioned else self.instruments

    def save(self, folder: Path) -> None:
        """Write the description to the folder of the weights."""
        (folder / DESCRIPTION).write_text(self.model_dump_json(indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "Architecture":
        """Read the description that `save` wrote."""
        return cls.model_validate_json((folder / DESCRIPTION).read_text())


def weights_file(folder: Path, network: str) -> Path:
    """File with the weights of a network, in the folder of its architecture."""
    return folder / f"{network}{WEIGHTS}"
