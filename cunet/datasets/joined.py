"""The data sets of `params.yaml` joined into one, with the same instruments."""

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cunet.cluster import for_each
from cunet.datasets.extent import Extent
from cunet.errors import UserError
from cunet.files import new_folder
from cunet.names import MIXTURE
from cunet.registry.datasets import DATASETS
from cunet.settings.base import SUBSETS, Settings, Subset
from cunet.tracks.checks import check_tracks
from cunet.tracks.folder import may_be_instrument, tracks
from cunet.tracks.track import FileTrack

if TYPE_CHECKING:
    from distributed import Client

Joined = Mapping[str, Settings]  # by the name of the data set
Merged = Mapping[str, str]  # merged instruments, and the instrument that each counts as


def prepare(joined: Joined, merged: Merged, subset: Subset, out: Path, client: "Client") -> None:
    """Write the tracks of a subset of all data sets to the folder `out`; merged stems are summed.

    Raises:
        UserError: as `prepare` of the data sets; there are no tracks; or names or instruments do not match.
    """
    if len(joined) == 1 and not merged:
        ((name, settings),) = joined.items()
        DATASETS[name].prepare(settings, subset, out, client)
    else:
        parts = {name: out / f".{name}" for name in joined}
        for name, settings in joined.items():
            parts[name].mkdir(exist_ok=True)
            DATASETS[name].prepare(settings, subset, parts[name], client)
        _merge(parts, merged, subset, out, client)
        for part in parts.values():
            shutil.rmtree(part)
    if not any(out.iterdir()):
        raise UserError(f"{' + '.join(joined)}: no {subset} tracks")


def origin(joined: Joined, subset: Subset) -> list[Path]:
    """The user's files that a subset is made from."""
    return [path for name, settings in joined.items() for path in DATASETS[name].origin(settings, subset)]


def extent(joined: Joined) -> Extent:
    """The total size of all data sets, before any stem is merged."""
    extents = [DATASETS[name].extent(settings) for name, settings in joined.items()]
    return Extent(
        {subset: sum(extent.tracks[subset] for extent in extents) for subset in SUBSETS},
        {subset: sum(extent.seconds[subset] for extent in extents) for subset in SUBSETS},
        max(extent.sources for extent in extents),
        sum(extent.audio for extent in extents),
        sum(extent.download for extent in extents),
    )


def _merge(parts: Mapping[str, Path], merged: Merged, subset: Subset, out: Path, client: "Client") -> None:
    """Write the tracks of all `parts` to `out`, with merged instruments."""
    found = {name: tracks(folder) if any(folder.iterdir()) else [] for name, folder in parts.items()}
    everything = [track for some in found.values() for track in some]
    check_tracks(" + ".join(parts), (track.name for track in everything))
    known = {instrument for track in everything for instrument in track.instruments}
    if subset == "train" and (missing := sorted(merged.keys() - known)):  # some data sets have no test tracks
        raise UserError(f"merge: no training track has {missing[0]}; they have {', '.join(sorted(known))}")
    for name in merged.values():
        if not may_be_instrument(name):
            raise UserError(f"merge: {name!r} cannot be the name of an instrument")
    instruments = {name: _instruments(some, merged) for name, some in found.items() if some}
    if few := [name for name, of in instruments.items() if len(of) < 2]:
        raise UserError(f"merge leaves one instrument in {few[0]}; a track needs two or more")
    if len(set(instruments.values())) > 1:
        lists = "; ".join(f"{name} has {', '.join(of)}" for name, of in instruments.items())
        raise UserError(f"{lists}. Merge instruments until all have the same, as in merge: {{bass: other}}.")
    jobs = for_each(
        client,
        _merge_track,
        everything,
        lambda track: (track, dict(merged), out.resolve()),
        "merged tracks",
        done=lambda track: (out / track.name).exists(),
    )
    for _ in jobs:
        pass


def _instruments(some: Iterable[FileTrack], merged: Merged) -> tuple[str, ...]:
    return tuple(sorted({merged.get(name, name) for track in some for name in track.instruments}))


def _merge_track(track: FileTrack, merged: Merged, out: Path) -> None:
    from scipy.io import wavfile

    stems: dict[str, dict[str, Path]] = {}
    for name, path in track.files.items():
        stems.setdefault(merged.get(name, name), {})[name] = path.resolve()
    with new_folder(out / track.name) as folder:
        for name, files in stems.items():
            if len(files) == 1:
                (path,) = files.values()
                _link(path, folder / f"{name}{path.suffix}")
            else:
                waveform, rate = FileTrack(track.name, files).read(MIXTURE)
                # soundfile would write the time of day into float WAV files.
                wavfile.write(folder / f"{name}.wav", rate, waveform)


def _link(path: Path, out: Path) -> None:
    """Hard-link a file to another place, or copy it if the file system has no links."""
    try:
        os.link(path, out)
    except OSError:
        shutil.copyfile(path, out)
