"""Tracks that are folders: `<track>/<instrument>.<wav|flac|ogg>`.

Two or more instruments of any name, the same in every track; mono or stereo, any sample rate; the mixture is optional.
"""

import re
from collections import Counter
from pathlib import Path

from cunet.errors import UserError
from cunet.names import LONGEST, MIXTURE, is_scattered, normalise, readable
from cunet.settings.base import INSTRUMENT
from cunet.tracks.checks import check_tracks
from cunet.tracks.track import FileTrack

SUFFIXES = (".wav", ".flac", ".ogg")
OTHER_AUDIO = (".mp3", ".m4a", ".mp4", ".aac", ".aif", ".aiff", ".opus", ".wma")
# Names beside those of instruments in tables and folders, and parts of the names of combinations and metrics.
RESERVED = (
    *("all", "architecture", "estimate", "mean", "neutral", "none", "path"),
    *("SDR against", "requested mix"),
)
MIXTURES = ("mix", MIXTURE)
# Names of the sum of all stems (as the last word), and of the sum of all but one, in data sets and audio programs.
SUMS_OF_ALL = ("mix", MIXTURE, "mixdown", "master", "premaster")
SUMS_OF_OTHERS = ("accompaniment", "backing track", "backing tracks", "instrumental", "instrumentals", "karaoke")
WITHOUT = ("no ", "non ", "without ", "minus ")


def tracks(root: Path) -> list[FileTrack]:
    """The tracks below `root`, sorted by name.

    Raises:
        UserError: there are none, their instruments differ, or a name cannot be used.
    """
    folders = [path for path in _entries(existing(root)) if path.is_dir()]
    check_tracks(root, (folder.name for folder in folders))
    found = sorted((_track(folder) for folder in folders), key=lambda track: track.name)
    if not found:
        raise UserError(f"{root}: no tracks; expected <track>/<instrument>.wav in this folder (or .flac, .ogg)")
    ((usual, _),) = Counter(track.instruments for track in found).most_common(1)
    expected = next(track for track in found if track.instruments == usual)
    for track in found:
        if track.instruments != usual:
            raise UserError(
                f"{root / track.name}: has {', '.join(track.instruments)}, but {expected.name} has "
                f"{', '.join(usual)}. Give all tracks the same instruments (silent files if necessary)."
            )
    return found


def existing(root: Path) -> Path:
    """A folder that must exist.

    Raises:
        UserError: it does not.
    """
    if not root.is_dir():
        raise UserError(f"{root}: no such folder; expected <track>/<instrument>.wav in it (or .flac, .ogg)")
    return root


def _entries(folder: Path) -> list[Path]:
    """The contents of a folder, sorted by name, without files created by operating systems.

    Raises:
        UserError: a link is broken or leads to a folder.
    """
    entries = sorted(path for path in folder.iterdir() if not is_scattered(path.name))
    for path in (path for path in entries if path.is_symlink()):
        if not path.exists():
            raise UserError(f"{readable(path)}: broken link. Remove or correct it.")
        if path.is_dir():
            raise UserError(
                f"{readable(path)}: is a link to a folder, in which DVC does not see changes. Replace it by the "
                "folder, or by a folder with links to the files."
            )
    return entries


def _track(folder: Path) -> FileTrack:
    files: dict[str, Path] = {}
    for path in _entries(folder):
        suffix = path.suffix.lower()
        if suffix in OTHER_AUDIO:
            raise UserError(f"{readable(path)}: {suffix} is not supported. Convert it to wav, flac or ogg.")
        if suffix in SUFFIXES:
            source = _source(path)
            if source in files:
                raise UserError(f"{path}: is the same source as {files[source].name}. Keep one of them.")
            files[source] = path
    track = FileTrack(normalise(folder.name), files)
    if len(track.instruments) < 2:
        raise UserError(
            f"{folder}: has {len(track.instruments)} instrument(s) "
            f"({', '.join(track.instruments) or 'no audio file'}); a track needs two or more"
        )
    for instrument in track.instruments:
        if _is_sum(instrument, len(track.instruments)):
            raise UserError(
                f"{files[instrument]}: has the name of a sum of stems, which would count twice. Rename it to {MIXTURE} "
                "if it is the mixture, remove it if it is another sum, or give the instrument another name."
            )
    return track


def _source(path: Path) -> str:
    """The mixture, or the instrument that a file is named after."""
    name = normalise(path.stem)
    if name.casefold() in MIXTURES:
        return MIXTURE
    if not may_be_instrument(name):
        raise UserError(
            f"{readable(path)}: {readable(name)!r} cannot be the name of an instrument. Rename the file: at most "
            f"{LONGEST} bytes; only letters, digits, spaces, - and _; not {', '.join(RESERVED)}."
        )
    return name


def may_be_instrument(name: str) -> bool:
    """Whether an instrument may have this name, which files, metrics and conditions take over."""
    allowed = re.fullmatch(INSTRUMENT, name) and name == name.strip() and len(name.encode()) <= LONGEST
    return (
        bool(allowed) and name.casefold() not in MIXTURES and name not in RESERVED and not name.startswith("mean of ")
    )


def _is_sum(name: str, instruments: int) -> bool:
    """Whether a stem has the name of a sum of all stems, or of all others if there are several others."""
    words = re.sub("[ _-]+", " ", name.casefold()).strip()
    if words.split(" ")[-1] in SUMS_OF_ALL and not words.startswith("rest "):
        return True
    return instruments > 2 and (words in SUMS_OF_OTHERS or words.startswith(WITHOUT))
