"""The description stored with the weights of an architecture: everything needed to build and use its networks."""

import hashlib
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, model_validator

from cunet.errors import UserError
from cunet.settings.base import INSTRUMENT, Settings
from cunet.settings.models import Controls, Unet
from cunet.settings.patches import Frames
from cunet.settings.spectrogram import Spectrogram
from cunet.variant import DEDICATED

DESCRIPTION = "architecture.json"
WEIGHTS = ".weights.h5"


class Architecture(Settings):
    """A complete description of an architecture: constructor arguments, conditions and spectrogram settings.

    Attributes:
        conditions: training conditions: weights in [0, 1], one per instrument.
        sha256: checksums of the files of its networks.
    """

    name: Annotated[str, Field(pattern=r"^[\w-]+$")]
    instruments: Annotated[tuple[Annotated[str, Field(pattern=f"^{INSTRUMENT}$")], ...], Field(min_length=1)]
    conditions: tuple[tuple[Annotated[float, Field(ge=0, le=1)], ...], ...]
    frames: Frames
    spectrogram: Spectrogram
    unet: Unet
    controls: Controls
    sha256: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _conditions_are_of_the_instruments(self) -> "Architecture":
        if len(set(self.instruments)) < len(self.instruments):
            raise ValueError(f"instruments lists one twice: {', '.join(self.instruments)}")
        if any(len(condition) != len(self.instruments) for condition in self.conditions):
            raise ValueError(f"conditions: expected {len(self.instruments)} weights each, one per instrument")
        return self

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
        """Write the description to the folder of the networks, with checksums of their files."""
        files = sorted(path for path in folder.iterdir() if path.name.startswith(self.networks))
        described = self.model_copy(update={"sha256": {path.name: _sha256(path) for path in files}})
        (folder / DESCRIPTION).write_text(described.model_dump_json(indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "Architecture":
        """Read the description that `save` wrote.

        Raises:
            UserError: it is missing or damaged.
        """
        try:
            return cls.model_validate_json((folder / DESCRIPTION).read_bytes())
        except OSError as error:
            raise UserError(f"{folder}: {DESCRIPTION} cannot be read ({error.strerror})") from None
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise UserError(f"{folder}: {DESCRIPTION} is damaged ({place}: {first['msg']})") from None

    def check(self, path: Path) -> None:
        """Check the file of a network.

        Raises:
            UserError: it is not as it was when the description was written.
        """
        expected = self.sha256.get(path.name)  # models of before have none
        if expected and expected != _sha256(path):
            raise UserError(f"{path.parent}: {path.name} is damaged (wrong checksum). Copy or train the model again.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights_file(folder: Path, network: str) -> Path:
    """File with the weights of a network, in the folder of its architecture."""
    return folder / f"{network}{WEIGHTS}"
