"""Settings of the interpretation."""

from typing import Annotated

from pydantic import Field, model_validator

from cunet.settings.base import Name, Positive, Settings, Whole


class Interpret(Settings):
    """The path of the condition from one instrument to another: number of steps, and of test tracks.

    `path` names the two instruments; null takes the first and the last.
    """

    path: Annotated[list[Name], Field(min_length=2, max_length=2)] | None
    steps: Annotated[Whole, Field(ge=2, le=101)]
    tracks: Positive

    @model_validator(mode="after")
    def _path_leads_somewhere(self) -> "Interpret":
        if self.path and self.path[0] == self.path[1]:
            raise ValueError(f"path leads from {self.path[0]} to itself; name two instruments")
        return self
