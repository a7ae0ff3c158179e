"""The kinds of data sets by name: how each is brought into the workspace, and how it is read there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from distributed import Client

from cunet.datasets import folder, synthetic
from cunet.datasets.track import Track
from cunet.params import Params, Subset


@dataclass(frozen=True)
class Dataset:
    """A kind of data set.

    Attributes:
        prepare: puts the tracks of a subset into a folder of the workspace, on a cluster.
        tracks: the tracks of a subset in such a folder, sorted by name.
    """

    prepare: Callable[[Params, Subset, Path, Client], None]
    tracks: Callable[[Path], Sequence[Track]]


DATASETS = {
    "synthetic": Dataset(synthetic.prepare, synthetic.tracks),
    "folder": Dataset(folder.prepare, folder.tracks),
}
