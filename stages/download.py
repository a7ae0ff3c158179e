"""download: bring the tracks of a subset into the workspace."""

import sys
from pathlib import Path
from typing import cast

from cunet import cluster
from cunet.cli import run
from cunet.datasets.registry import DATASETS
from cunet.files import new_folder
from cunet.params import Subset, load_params


def main(subset: Subset, out: Path) -> None:
    """Fill `out` with the tracks of `subset`."""
    params = load_params()
    with cluster.connect(params.dask) as client, new_folder(out) as folder:
        DATASETS[params.dataset].prepare(params, subset, folder, client)


if __name__ == "__main__":
    subset, out = sys.argv[1:]
    run(lambda: main(cast(Subset, subset), Path(out)))
