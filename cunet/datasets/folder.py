"""A user's own multitracks: `<root>/{train,test}/<track>/<instrument>.<wav|flac|ogg>`.

Any two or more instruments by name, the same in every track; mono or stereo, any sample rate; the
mixture is optional.
"""

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from cunet.cluster import for_each
from cunet.datasets.track import Extent, FileTrack, read_audio, read_duration
from cunet.errors import UserError
from cunet.files import new_folder
from cunet.params import INSTRUMENT, SUBSETS, Params, Subset

if TYPE_CHECKING:
    from distributed import Client

SUFFIXES = (".wav", ".flac", ".ogg")
OTHER_AUDIO = (".mp3", ".m4a", ".mp4", ".aac", ".aif", ".aiff", ".opus", ".wma")
# What stands beside instruments in tables and folders; and names that combinations and MLflow's metrics are made of.
RESERVED = ("all", "architecture", "mean", "neutral", "none", "path")


def prepare(params: Params, subset: Subset, out: Path, client: "Client") -> None:
    """Check the user's tracks of a subset and copy their files to `out`, tracks in parallel.

    Raises:
        UserError: names the file or track at fault and what is expected of it.
    """
    (root,) = origin(params, subset)
    jobs = for_each(
        client,
        _copy,
        tracks(root),
        lambda track: (track, out.resolve()),
        f"{subset}: tracks",
        done=lambda track: (out / track.name).exists(),
    )
    for _ in jobs:
        pass


def extent(params: Params) -> Extent:
    """Durations and sizes of the user's files.

    Raises:
        UserError: as `tracks`.
    """
    found: dict[Subset, list[FileTrack]] = {subset: tracks(params.folder.root / subset) for subset in SUBSETS}
    paths = [path for subset in SUBSETS for track in found[subset] for path in track.files.values()]
    return Extent(
        {subset: len(found[subset]) for subset in SUBSETS},
        {subset: sum(_seconds(track) for track in found[subset]) for subset in SUBSETS},
        len(found["train"][0].instruments),
        sum(path.stat().st_size for path in paths),
    )


def _seconds(track: FileTrack) -> float:
    return max(read_duration(path) for path in track.files.values())


def origin(params: Params, subset: Subset) -> list[Path]:
    """The user's folder of a subset."""
    return [params.folder.root / subset]


def tracks(root: Path) -> list[FileTrack]:
    """The tracks below `root`, sorted by name.

    Raises:
        UserError: there are none, or one has not the instruments of the others.
    """
    if not root.is_dir():
        raise UserError(f"{root}: no such folder; expected <track>/<instrument>.wav below it (or .flac, .ogg)")
    folders = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    found = [FileTrack(folder.name, _files(folder)) for folder in folders]
    if not found:
        raise UserError(f"{root}: no tracks; expected <track>/<instrument>.wav below it (or .flac, .ogg)")
    expected = found[0]
    for track in found:
        if len(track.instruments) < 2:
            raise UserError(
                f"{root / track.name}: {len(track.instruments)} instrument(s) "
                f"({', '.join(track.instruments) or 'no audio file'}); a track needs two or more"
            )
        if track.instruments != expected.instruments:
            raise UserError(
                f"{root / track.name}: instruments {', '.join(track.instruments)}, but {expected.name} has "
                f"{', '.join(expected.instruments)}: give every track the same files (silent ones where none plays)"
            )
    return found


def _files(folder: Path) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        suffix, instrument = path.suffix.lower(), path.stem
        if path.name.startswith("."):
            continue
        if suffix in OTHER_AUDIO:
            raise UserError(f"{path}: {suffix} is not read; convert it to wav, flac or ogg")
        if suffix not in SUFFIXES:
            continue
        if instrument in RESERVED or not re.fullmatch(INSTRUMENT, instrument):
            raise UserError(
                f"{path}: an instrument cannot be called {instrument!r}: rename the file, with letters, digits, "
                f"spaces, - and _ alone, but not {', '.join(RESERVED)}"
            )
        if instrument in files:
            raise UserError(f"{path}: {files[instrument].name} is there as well: keep one of them")
        files[instrument] = path
    return files


def _copy(track: FileTrack, out: Path) -> None:
    with new_folder(out / track.name) as folder:
        for path in track.files.values():
            read_audio(path)
            shutil.copyfile(path, folder / path.name)
