"""The kinds of data sets by name: how each is brought into the workspace, and how it is read there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cunet.datasets import folder, musdb18, synthetic
from cunet.datasets.musdb_tracks import official_validation_tracks, stem_tracks, wav_tracks
from cunet.datasets.track import Extent, Track
from cunet.params import Params, Subset

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True)
class Dataset:
    """A kind of data set.

    Attributes:
        prepare: puts the tracks of a subset into a folder of the workspace, on a cluster; goes on where it was
            interrupted.
        extent: how large it is, before it is there.
        origin: the files of the user that a subset is made from.
        tracks: the tracks of a subset in such a folder, sorted by name.
        validation_tracks: names of the training tracks that are never trained on, where the data set says so.
    """

    prepare: Callable[[Params, Subset, Path, "Client"], None]
    extent: Callable[[Params], Extent]
    origin: Callable[[Params, Subset], list[Path]]
    tracks: Callable[[Path], Sequence[Track]]
    validation_tracks: Callable[[], tuple[str, ...]] = tuple


DATASETS = {
    "synthetic": Dataset(synthetic.prepare, synthetic.extent, synthetic.origin, wav_tracks),
    "musdb18": Dataset(musdb18.prepare, musdb18.extent, musdb18.origin, stem_tracks, official_validation_tracks),
    "musdb18-hq": Dataset(musdb18.prepare, musdb18.extent, musdb18.origin, wav_tracks, official_validation_tracks),
    "musdb18-7s": Dataset(musdb18.prepare, musdb18.extent, musdb18.origin, stem_tracks, official_validation_tracks),
    "folder": Dataset(folder.prepare, folder.extent, folder.origin, folder.tracks),
}
