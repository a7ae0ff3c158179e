"""Settings of the examples."""

from typing import Annotated

from pydantic import Field

from cunet.settings.base import Settings


class Examples(Settings):
    """Excerpts to hear and to see: of how many test tracks, and how long."""

    tracks: Annotated[int, Field(ge=0)]
    seconds: Annotated[float, Field(gt=0)]
