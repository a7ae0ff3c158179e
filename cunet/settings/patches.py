"""Settings of the patches."""

from typing import Annotated

from pydantic import Field

from cunet.settings.base import Name, Positive, Seed, Settings, Whole

Frames = Annotated[Whole, Field(gt=0, le=2**16)]


class Patch(Settings):
    """The networks' input: frames in a patch, and frames between the starts of two patches."""

    frames: Frames
    step: Positive


class Validation(Settings):
    """Validation tracks among the training tracks: a number to draw with the seed, or names."""

    tracks: Positive | Annotated[list[Name], Field(min_length=1)]
    seed: Seed
