"""Settings of the conditions."""

from typing import Annotated

from pydantic import Field

from cunet.settings.base import Positive, Settings


class ConditionSet(Settings):
    """Conditions of a network: combinations of up to so many instruments, each at one of the levels.

    `all` adds all instruments together, however many there are, and `none` the condition that asks for silence.
    """

    up_to: Positive
    levels: list[Annotated[float, Field(gt=0, le=1)]] = Field(default=[1.0], min_length=1)
    all: bool = False
    none: bool = False
