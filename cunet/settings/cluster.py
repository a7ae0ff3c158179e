"""Settings of per-track work."""

from cunet.settings.base import Positive, Settings


class Dask(Settings):
    """Where per-track work runs: a scheduler's address, or none for a local cluster of `workers` processes."""

    scheduler: str | None
    workers: Positive | None
