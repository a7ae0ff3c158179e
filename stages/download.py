"""download: prepare the tracks of a subset in the workspace."""

import json
from pathlib import Path

from cunet import cluster
from cunet.cli.running import run_stage
from cunet.datasets import joined
from cunet.files import identity, resumable_folder
from cunet.params import load_params
from cunet.settings.base import Subset
from cunet.tracks.track import DECODING_MEMORY


def main(subset: Subset, out: Path) -> None:
    """Write the tracks of `subset` to `out`."""
    params = load_params()
    merged = json.dumps(params.merged, sort_keys=True)
    made_of = identity(
        "download",
        *params.datasets,
        merged,
        subset,
        *params.joined.values(),
        inputs=joined.origin(params.joined, subset),
    )
    with resumable_folder(out, made_of) as folder, cluster.connect(params.dask, DECODING_MEMORY) as client:
        joined.prepare(params.joined, params.merged, subset, folder, client)


if __name__ == "__main__":
    run_stage(main)
