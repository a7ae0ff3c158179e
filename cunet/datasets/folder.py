"""A user's own multitracks: `<root>/{train,test}/<track>/<instrument>.<wav|flac|ogg>`.

Two or more instruments of any name, the same in every track; mono or stereo, any sample rate; the
mixture is optional.
"""

import filecmp
import os
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import field_validator

from cunet.audio.reading import read_audio, read_duration
from cunet.cluster import for_each
from cunet.datasets.dataset import Dataset
from cunet.datasets.extent import Extent
from cunet.errors import UserError
from cunet.files import new_folder
from cunet.settings.base import SUBSETS, Settings, Subset
from cunet.tracks.folder import existing, tracks
from cunet.tracks.track import FileTrack

if TYPE_CHECKING:
    from distributed import Client


class Folder(Settings):
    """A user's own multitracks at `<root>/{train,test}/<track>/<instrument>.<wav|flac|ogg>`."""

    root: Path

    @field_validator("root")
    @classmethod
    def _dvc_finds_it(cls, root: Path) -> Path:
        if str(root).startswith("~"):
            raise ValueError(f"DVC does not expand ~: write {os.path.expanduser(root)}")
        return root


def prepare(settings: Folder, subset: Subset, out: Path, client: "Client") -> None:
    """Check the user's tracks of a subset and copy their files to `out`, tracks in parallel.

    Raises:
        UserError: a file or track cannot be used; or a track is in both subsets.
    """
    origin(settings, subset)
    found = check_split(settings.root)[subset]
    jobs = for_each(
        client,
        _copy,
        found,
        lambda track: (track, out.resolve()),
        f"{subset}: tracks",
        done=lambda track: (out / track.name).exists(),
    )
    for _ in jobs:
        pass


def extent(settings: Folder) -> Extent:
    """Durations and sizes of the user's files.

    Raises:
        UserError: as `origin` and `check_split`.
    """
    for subset in SUBSETS:
        origin(settings, subset)
    found = check_split(settings.root)
    paths = [path for subset in SUBSETS for track in found[subset] for path in track.files.values()]
    return Extent(
        {subset: len(found[subset]) for subset in SUBSETS},
        {subset: sum(_seconds(track) for track in found[subset]) for subset in SUBSETS},
        len(found["train"][0].instruments),
        sum(path.stat().st_size for path in paths),
    )


def _seconds(track: FileTrack) -> float:
    return max(read_duration(path) for path in track.files.values())


def origin(settings: Folder, subset: Subset) -> list[Path]:
    """The user's folder of a subset.

    Raises:
        UserError: it does not exist.
    """
    return [existing(settings.root / subset)]


def check_split(root: Path) -> dict[Subset, list[FileTrack]]:
    """The tracks of each existing subset.

    Raises:
        UserError: as `tracks`; or a track is in both, by its name or by an identical file that is not silent.
    """
    found: dict[Subset, list[FileTrack]] = {
        subset: tracks(root / subset) if (root / subset).is_dir() else [] for subset in SUBSETS
    }
    for one, other in _in_both(found["train"], found["test"]):
        raise UserError(
            f"{one} and {other} are the same, but no track may be in both train and test. Remove one of them."
        )
    return found


def _in_both(train: Sequence[FileTrack], test: Sequence[FileTrack]) -> Iterator[tuple[Path, Path]]:
    """Pairs in both subsets: folders of tracks with the same name, then identical files."""
    named = {track.name.casefold(): track for track in train}
    for track in test:
        if found := named.get(track.name.casefold()):
            yield found.folder, track.folder
    sized = defaultdict(list)
    for path in (path for track in train for path in track.files.values()):
        sized[path.stat().st_size].append(path)
    for path in (path for track in test for path in track.files.values()):
        for other in sized[path.stat().st_size]:
            if filecmp.cmp(other, path, shallow=False) and read_audio(path)[0].any():
                yield other, path


def _copy(track: FileTrack, out: Path) -> None:
    with new_folder(out / track.name) as folder:
        for source, path in track.files.items():
            read_audio(path)
            shutil.copyfile(path, folder / f"{source}{path.suffix}")


FOLDER = Dataset(
    section="folder",
    settings=Folder,
    prepare=prepare,
    extent=extent,
    origin=origin,
    description="the trainer's own multitracks, whose licences determine how the model may be used",
)
