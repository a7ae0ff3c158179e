"""Settings of per-track work."""

from cunet.settings.base import Positive, Settings


class Dask(Settings):
    """Where per-track work runs: a scheduler's address, or null for a local cluster with `workers` workers."""

    scheduler: str | None
    workers: Positive | None
