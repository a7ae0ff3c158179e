"""Settings of per-track work."""

from typing import Annotated

from pydantic import Field

from cunet.settings.base import Settings, Whole


class Dask(Settings):
    """Where per-track work runs: a scheduler's address, or null for a local cluster with `workers` workers."""

    scheduler: str | None
    workers: Annotated[Whole, Field(gt=0, le=1024)] | None
