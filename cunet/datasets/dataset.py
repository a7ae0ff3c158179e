"""A kind of data set: how to prepare its tracks, and its description."""

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
        section: section of `params.yaml` with its settings.
        settings: class of the section.
        prepare: writes the tracks of a subset to a folder of the workspace, in a layout that `read_tracks` reads, on a
            cluster; resumes an interrupted run.
        extent: its size, before it is prepared.
        origin: the user's files that a subset is made from.
        description: description of its songs, for model cards.
        limits: limits of models trained on it, for model cards.
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
