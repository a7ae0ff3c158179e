"""Settings of the comparison."""

from typing import Annotated

from pydantic import Field

from cunet.settings.base import Settings


class Compare(Settings):
    """How architectures are compared.

    Attributes:
        published: whether published figures stand in the table, where data set and protocol are theirs.
        confidence: of the intervals.
        resamples: number of bootstrap samples that intervals come from.
        margin: difference in dB below which two architectures count as equivalent.
        still_falling: share by which the validation loss of a network that has not converged falls in the last quarter
            of its epochs.
    """

    published: bool
    confidence: Annotated[float, Field(gt=0, lt=1)]
    resamples: Annotated[int, Field(ge=100)]
    margin: Annotated[float, Field(gt=0)]
    still_falling: Annotated[float, Field(gt=0, lt=1)]
