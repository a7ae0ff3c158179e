"""Settings of the conditions."""

from typing import Annotated

from pydantic import Field

from cunet.settings.base import Flag, Positive, Real, Settings


class ConditionSet(Settings):
    """Conditions of a network: combinations of up to `up_to` instruments, each at one of the `levels`.

    `all` adds the condition for all instruments together, and `none` the one for silence.
    """

    up_to: Positive
    levels: list[Annotated[Real, Field(gt=0, le=1)]] = Field(default=[1.0], min_length=1)
    all: Flag = False
    none: Flag = False
