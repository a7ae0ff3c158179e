"""Settings of the patches."""

from typing import Annotated

from pydantic import Field

from cunet.settings.base import Name, Positive, Settings


class Patch(Settings):
    """What the networks see: frames in a patch, and frames between the starts of two patches."""

    frames: Positive
    step: Positive


class Validation(Settings):
    """Training tracks kept aside: how many the seed draws, or their names."""

    tracks: Positive | Annotated[list[Name], Field(min_length=1)]
    seed: int
