"""download: bring the tracks of a subset into the workspace."""

import sys
from pathlib import Path
from typing import cast

from cunet import cluster
from cunet.cli import run
from cunet.datasets.registry import DATASETS
from cunet.files import identity, resumable_folder
from cunet.params import load_params
from cunet.settings.base import Subset
from cunet.tracks.track import DECODING_MEMORY


def main(subset: Subset, out: Path) -> None:
    """Fill `out` with the tracks of `subset`."""
    params = load_params()
    dataset = DATASETS[params.dataset]
    settings = params.dataset, subset, params.synthetic, params.musdb, params.folder
    made_of = identity("download", *settings, inputs=dataset.origin(params, subset))
    with resumable_folder(out, made_of) as folder, cluster.connect(params.dask, DECODING_MEMORY) as client:
        dataset.prepare(params, subset, folder, client)


if __name__ == "__main__":
    subset, out = sys.argv[1:]
    run(lambda: main(cast(Subset, subset), Path(out)))
