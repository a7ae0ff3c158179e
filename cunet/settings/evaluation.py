"""Settings of the scores."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cunet.settings.base import Fraction, Real, Settings

Engine = Literal["bsseval", "museval"]
Consistency = Literal["none", "ratio"]


class Evaluate(Settings):
    """How architectures are scored.

    Attributes:
        protocol: name in `cunet.registry.protocols`.
        engine: library that computes BSS Eval.
        conditions: condition set scored in addition to the single instruments.
        window: length of the frames of BSS Eval v4, in seconds.
        hop: time between the starts of two frames, in seconds.
        overlap: overlap of patches in separation.
        consistency: `none` uses the networks' masks unchanged; `ratio` scales the masks of the instruments to sum to
            one, and a combination gets the weighted sum of its instruments' masks.
    """

    protocol: str
    engine: Engine
    conditions: str
    window: Annotated[Real, Field(ge=0.01, le=3600)]
    hop: Annotated[Real, Field(ge=0.01, le=3600)]
    overlap: Fraction
    consistency: Consistency

    @model_validator(mode="after")
    def _protocol_defines_its_frames(self) -> "Evaluate":
        if self.protocol == "sisec18" and (self.window, self.hop) != (1, 1):
            raise ValueError(f"window ({self.window}) and hop ({self.hop}) must be 1 second for the protocol sisec18")
        return self
