"""Settings of the comparison."""

from typing import Annotated

from pydantic import Field

from cunet.settings.base import Flag, Real, Settings, Whole


class Compare(Settings):
    """How architectures are compared.

    Attributes:
        published: whether the table includes published figures, if data set and protocol match.
        confidence: confidence level of the intervals.
        resamples: number of bootstrap samples for the intervals.
        margin: difference in dB below which two architectures count as equivalent.
        still_falling: a network has not converged if its validation loss falls by more than this fraction in the last
            quarter of its epochs.
    """

    published: Flag
    confidence: Annotated[Real, Field(gt=0, lt=1)]
    resamples: Annotated[Whole, Field(ge=100, le=10**6)]
    margin: Annotated[Real, Field(gt=0, le=100)]
    still_falling: Annotated[Real, Field(gt=0, lt=1)]
