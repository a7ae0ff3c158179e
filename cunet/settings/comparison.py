"""Settings of the comparison."""

from typing import Annotated

from pydantic import Field

from cunet.settings.base import Settings


class Compare(Settings):
    """How architectures are compared.

    Whether published figures stand in the table, where data set and protocol are theirs; confidence of the
    intervals, and number of bootstrap samples that they come from.
    """

    published: bool
    confidence: Annotated[float, Field(gt=0, lt=1)]
    resamples: Annotated[int, Field(ge=100)]
