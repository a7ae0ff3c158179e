"""Tracks that are folders: `<track>/<instrument>.<wav|flac|ogg>`.

Any two or more instruments by name, the same in every track; mono or stereo, any sample rate; the mixture is optional.
"""

import re
from pathlib import Path

from cunet.errors import UserError
from cunet.names import LONGEST, MIXTURE, is_scattered, normalise, readable
from cunet.settings.base import INSTRUMENT
from cunet.tracks.checks import check_tracks
from cunet.tracks.track import FileTrack

SUFFIXES = (".wav", ".flac", ".ogg")
OTHER_AUDIO = (".mp3", ".m4a", ".mp4", ".aac", ".aif", ".aiff", ".opus", ".wma")
# What stands beside instruments in tables and folders; and names that combinations and MLflow's metrics are made of.
RESERVED = (
    *("all", "architecture", "estimate", "mean", "neutral", "none", "path"),
    *("SDR against", "requested mix"),
)
MIXTURES = ("mix", MIXTURE)
# How data sets and audio programs call the sum of all stems, in the last word of a name, and that of all but one.
SUMS_OF_ALL = ("mix", MIXTURE, "mixdown", "master", "premaster")
SUMS_OF_OTHERS = ("accompaniment", "backing track", "backing tracks", "instrumental", "instrumentals", "karaoke")
WITHOUT = ("no ", "non ", "without ", "minus ")


def tracks(root: Path) -> list[FileTrack]:
    """The tracks below `root`, sorted by name.

    Raises:
        UserError: there are none, one has not the instruments of the others, or a name cannot be used.
    """
    folders = [path for path in _entries(existing(root)) if path.is_dir()]
    check_tracks(root, (folder.name for folder in folders))
    found = sorted((_track(folder) for folder in folders), key=lambda track: track.name)
    if not found:
        raise UserError(f"{root}: no tracks; expected <track>/<instrument>.wav below it (or .flac, .ogg)")
    expected = found[0]
    for track in found:
        if track.instruments != expected.instruments:
            raise UserError(
                f"{root / track.name}: instruments {', '.join(track.instruments)}, but {expected.name} has "
                f"{', '.join(expected.instruments)}: give every track the same files (silent ones where none plays)"
            )
    return found


def existing(root: Path) -> Path:
    """A folder that is there.

    Raises:
        UserError: it is not.
    """
    if not root.is_dir():
        raise UserError(f"{root}: no such folder; expected <track>/<instrument>.wav below it (or .flac, .ogg)")
    return root


def _entries(folder: Path) -> list[Path]:
    """What is in a folder, sorted by name, without what operating systems left there.

    Raises:
        UserError: a link leads to a folder, or nowhere.
    """
    entries = sorted(path for path in folder.iterdir() if not is_scattered(path.name))
    for path in (path for path in entries if path.is_symlink()):
        if not path.exists():
            raise UserError(f"{readable(path)}: is a link that leads nowhere: remove it, or mend it")
        if path.is_dir():
            raise UserError(
                f"{readable(path)}: is a link to a folder, and DVC does not see what changes behind it: put the folder "
                "itself there, or links to its files in a folder"
            )
    return entries


def _track(folder: Path) -> FileTrack:
    files: dict[str, Path] = {}
    for path in _entries(folder):
        suffix = path.suffix.lower()
        if suffix in OTHER_AUDIO:
            raise UserError(f"{readable(path)}: {suffix} is not read; convert it to wav, flac or ogg")
        if suffix in SUFFIXES:
            source = _source(path)
            if source in files:
                raise UserError(f"{path}: {files[source].name} is there as well: keep one of them")
            files[source] = path
    track = FileTrack(normalise(folder.name), files)
    if len(track.instruments) < 2:
        raise UserError(
            f"{folder}: {len(track.instruments)} instrument(s) "
            f"({', '.join(track.instruments) or 'no audio file'}); a track needs two or more"
        )
    for instrument in track.instruments:
        if _is_sum(instrument, len(track.instruments)):
            raise UserError(
                f"{files[instrument]}: is called like a sum of other stems, and would count twice: call it {MIXTURE} "
                "if it is the mixture, take it out if it is another sum, or give the instrument another name"
            )
    return track


def _source(path: Path) -> str:
    """The mixture, or the instrument that a file is named after."""
    name = normalise(path.stem)
    if name.casefold() in MIXTURES:
        return MIXTURE
    if not may_be_instrument(name):
        raise UserError(
            f"{readable(path)}: an instrument cannot be called {readable(name)!r}: rename the file, with at most "
            f"{LONGEST} bytes of letters, digits, spaces, - and _ alone, but not {', '.join(RESERVED)}"
        )
    return name


def may_be_instrument(name: str) -> bool:
    """Whether an instrument may have this name: files, metrics and conditions are called after it."""
    allowed = re.fullmatch(INSTRUMENT, name) and name == name.strip() and len(name.encode()) <= LONGEST
    return (
        bool(allowed) and name.casefold() not in MIXTURES and name not in RESERVED and not name.startswith("mean of ")
    )


def _is_sum(name: str, instruments: int) -> bool:
    """Whether a stem is called like a sum of all, or of all others where there is more than one other."""
    words = re.sub("[ _-]+", " ", name.casefold()).strip()
    if words.split(" ")[-1] in SUMS_OF_ALL and not words.startswith("rest "):
        return True
    return instruments > 2 and (words in SUMS_OF_OTHERS or words.startswith(WITHOUT))
