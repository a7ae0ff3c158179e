"""Settings of the conditions."""

from typing import Annotated

from pydantic import Field

from cunet.settings.base import Positive, Settings


class ConditionSet(Settings):
    """Conditions of a network: combinations of up to `up_to` instruments, each at one of the `levels`.

    `all` adds the condition for all instruments together, and `none` the one for silence.
    """

    up_to: Positive
    levels: list[Annotated[float, Field(gt=0, le=1)]] = Field(default=[1.0], min_length=1)
    all: bool = False
    none: bool = False
