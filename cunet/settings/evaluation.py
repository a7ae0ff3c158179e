"""Settings of the scores."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cunet.settings.base import Fraction, Settings

Engine = Literal["bsseval", "museval"]


class Evaluate(Settings):
    """How architectures are scored.

    The protocol (a name in `cunet.registry.protocols`), the library that computes its BSS Eval, the set of
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
