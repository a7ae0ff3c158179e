"""Settings of what scores, explains and compares."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cunet.settings.base import Fraction, Name, Positive, Settings

Engine = Literal["bsseval", "museval"]


class Evaluate(Settings):
    """How architectures are scored.

    The protocol (a name in `cunet.evaluation.registry.PROTOCOLS`), the library that computes its BSS Eval, the set of
    conditions scored beside the single instruments, BSS Eval v4 frames in seconds, and overlap of patches in
    separation.
    """

    protocol: str
    engine: Engine
    conditions: str
    window: Annotated[float, Field(gt=0)]
    hop: Annotated[float, Field(gt=0)]
    overlap: Fraction

    @model_validator(mode="after")
    def _protocol_defines_its_frames(self) -> "Evaluate":
        if self.protocol == "sisec18" and (self.window, self.hop) != (1, 1):
            raise ValueError(f"window ({self.window}) and hop ({self.hop}) must be 1 second for the protocol sisec18")
        return self


class Examples(Settings):
    """Excerpts to hear and to see: of how many test tracks, and how long."""

    tracks: Annotated[int, Field(ge=0)]
    seconds: Annotated[float, Field(gt=0)]


class Interpret(Settings):
    """The path of the condition from one instrument to another, in so many steps, over so many test tracks.

    `path` names the two instruments; null takes the first and the last.
    """

    path: Annotated[list[Name], Field(min_length=2, max_length=2)] | None
    steps: Annotated[int, Field(ge=2, le=101)]
    tracks: Positive

    @model_validator(mode="after")
    def _path_leads_somewhere(self) -> "Interpret":
        if self.path and self.path[0] == self.path[1]:
            raise ValueError(f"path leads from {self.path[0]} to itself: name two instruments")
        return self


class Compare(Settings):
    """How architectures are compared.

    Whether published figures stand in the table, where data set and protocol are theirs; confidence of the
    intervals, and number of bootstrap samples that they come from.
    """

    published: bool
    confidence: Annotated[float, Field(gt=0, lt=1)]
    resamples: Annotated[int, Field(ge=100)]
