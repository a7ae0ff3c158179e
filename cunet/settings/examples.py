"""Settings of the examples."""

from typing import Annotated

from pydantic import Field

from cunet.settings.base import Real, Settings, Whole


class Examples(Settings):
    """Excerpts for listening and for spectrograms: number of test tracks, and length."""

    tracks: Annotated[Whole, Field(ge=0, le=1000)]
    seconds: Annotated[Real, Field(ge=0.1, le=600)]
