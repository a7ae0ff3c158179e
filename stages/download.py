"""download: bring the tracks of a subset into the workspace."""

from pathlib import Path

from cunet import cluster
from cunet.cli import run_stage
from cunet.errors import UserError
from cunet.files import identity, resumable_folder
from cunet.params import load_params
from cunet.registry.datasets import DATASETS
from cunet.settings.base import Subset
from cunet.tracks.track import DECODING_MEMORY


def main(subset: Subset, out: Path) -> None:
    """Fill `out` with the tracks of `subset`.

    Raises:
        UserError: there are none.
    """
    params = load_params()
    dataset, settings = DATASETS[params.dataset], params.of_dataset
    made_of = identity("download", params.dataset, subset, settings, inputs=dataset.origin(settings, subset))
    with resumable_folder(out, made_of) as folder, cluster.connect(params.dask, DECODING_MEMORY) as client:
        dataset.prepare(settings, subset, folder, client)
        if not any(folder.iterdir()):
            raise UserError(f"{params.dataset}: its `prepare` wrote no {subset} tracks to {folder}")


if __name__ == "__main__":
    run_stage(main)
