"""A kind of data set: what brings its tracks into the workspace, and what is said about it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cunet.datasets.extent import Extent
from cunet.settings.base import Settings, Subset

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True)
class Dataset:
    """A kind of data set.

    Attributes:
        section: of `params.yaml` with its settings.
        settings: what the section is read as.
        prepare: puts the tracks of a subset into a folder of the workspace, in a layout that `read_tracks` knows, on a
            cluster; goes on where it was interrupted.
        extent: how large it is, before it is there.
        origin: the files of the user that a subset is made from.
        description: of its songs, for model cards.
        limits: of what is trained on it, for model cards.
        stem_files: whether its tracks are stem files (`.stem.mp4`).
    """

    section: str
    settings: type[Settings]
    prepare: Callable[[Any, Subset, Path, "Client"], None]
    extent: Callable[[Any], Extent]
    origin: Callable[[Any, Subset], list[Path]]
    description: str
    limits: str = ""
    stem_files: bool = False
