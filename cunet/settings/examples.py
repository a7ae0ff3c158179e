"""Settings of the examples."""

from typing import Annotated

from pydantic import Field

from cunet.settings.base import Settings


class Examples(Settings):
    """Excerpts for listening and for spectrograms: number of test tracks, and length."""

    tracks: Annotated[int, Field(ge=0)]
    seconds: Annotated[float, Field(gt=0)]
