"""The kinds of data sets by name: how each is brought into the workspace."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cunet.datasets import folder, musdb18, synthetic
from cunet.datasets.extent import Extent
from cunet.params import Params
from cunet.settings.base import Subset

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True)
class Dataset:
    """A kind of data set.

    Attributes:
        prepare: puts the tracks of a subset into a folder of the workspace, in a layout that `read_tracks` knows, on a
            cluster; goes on where it was interrupted.
        extent: how large it is, before it is there.
        origin: the files of the user that a subset is made from.
    """

    prepare: Callable[[Params, Subset, Path, "Client"], None]
    extent: Callable[[Params], Extent]
    origin: Callable[[Params, Subset], list[Path]]


MUSDB18 = Dataset(musdb18.prepare, musdb18.extent, musdb18.origin)
DATASETS = {
    "synthetic": Dataset(synthetic.prepare, synthetic.extent, synthetic.origin),
    "musdb18": MUSDB18,
    "musdb18-hq": MUSDB18,
    "musdb18-7s": MUSDB18,
    "folder": Dataset(folder.prepare, folder.extent, folder.origin),
}
