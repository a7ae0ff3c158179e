"""Files of songs: finding them, naming their estimates, and writing estimates complete or not at all."""

import glob
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from tqdm import tqdm

from cunet.audio.pieces import Audio
from cunet.audio.reading import open_audio
from cunet.conditions.naming import Condition, Conditions
from cunet.errors import UserError
from cunet.files import put_in_place
from cunet.names import is_scattered, readable
from cunet.signals.arrays import Waveform

if TYPE_CHECKING:  # Keras takes seconds to import
    from cunet.separate.estimates import Above
    from cunet.separate.model import Model

# Files that are taken from a folder; a file that is given by name may have any suffix.
SUFFIXES = (
    *(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".caf", ".w64", ".rf64"),
    *(".m4a", ".mp4", ".aac", ".wma", ".mka", ".webm", ".ac3"),
)
FORMATS = {"wav": "FLOAT", "flac": "PCM_24", "ogg": "VORBIS", "mp3": "MPEG_LAYER_III"}
CLIPPED = "flac"
LARGEST_WAV = 2**32 - 2**16  # bytes: the limit of its header
PROBE = 2**20  # bytes that a folder must take
BLOCK = 2**16  # samples at a time: libsndfile's Vorbis encoder keeps its input on the stack


@dataclass(frozen=True)
class Song:
    """A file to separate, and the folder for its estimates."""

    path: Path
    out: Path

    def files(self, conditions: Conditions, suffix: str) -> dict[str, Path]:
        """Where the estimate of each condition goes."""
        return {name: self.out / f"{name}.{suffix}" for name in conditions}


def estimate_name(condition: Condition, several: str) -> str:
    """Name of an estimate's file: the instrument, without its weight, or `several` for more than one."""
    instruments = [name for name, weight in condition.items() if weight]
    return instruments[0] if len(instruments) == 1 else several


def find_songs(patterns: Sequence[str], out: Path) -> list[Song]:
    """The songs of files, folders and globs, each with a folder below `out`.

    Folders are searched to any depth, and their subfolders are kept below `out`. A song's folder is its name without
    the suffix, or with it if another song differs only in the suffix.

    Raises:
        UserError: there are no songs, or two songs have the same folder.
    """
    places = [place for pattern in patterns for place in _places(pattern, out)]
    versions = defaultdict(set)
    for path, name in places:
        versions[os.path.realpath(path.parent), name].add(path.name)
    found: dict[Path, Song] = {}
    for path, name in places:
        if name.name in ("", "..") or ".." in name.parts:
            raise UserError(f"{path}: estimates of a song with this name would be outside {out}. Rename it.")
        alone = len(versions[os.path.realpath(path.parent), name]) == 1
        song = Song(path, out / (name if alone else name.with_name(path.name)))
        if song.out in found and os.path.realpath(found[song.out].path) != os.path.realpath(path):
            raise UserError(
                f"{path}: has the same folder for estimates as {found[song.out].path} ({song.out}). Rename one, or "
                "separate it with another --out."
            )
        found[song.out] = song
    return list(found.values())


def separate_song(
    model: "Model",
    song: Song,
    conditions: Conditions,
    suffix: str,
    above: "Above" = "share",
    progress: bool = True,
    minutes: int | None = None,
) -> list[str]:
    """Write the estimates of a song, with its rate, length and number of channels.

    Args:
        model: separates it.
        song: file, and folder of the estimates.
        conditions: by the names of the estimates.
        suffix: format of the estimates.
        above: content above the model's band.
        progress: whether a bar is shown.
        minutes: that the song may last; no more of it is decoded. None: any length.

    Returns:
        remarks: defects of the song that do not prevent reading it, and clipped estimates.

    Raises:
        UserError: the song cannot be read or is too long, or the estimates cannot be written.
    """
    files = song.files(conditions, suffix)
    peaks = dict.fromkeys(files, 0.0)
    with (
        _opened(song.path, minutes) as audio,
        _bar(readable(song.path.name), audio, progress) as bar,
        _writers(files, suffix, audio) as writers,
    ):

        def advance(samples: float) -> None:  # of two readings
            bar.update(50 * samples / audio.samples)

        try:
            for piece in model.estimates(audio, conditions, above, advance).pieces():
                for name, waveform in piece.items():
                    _write(writers[name], waveform)
                    peaks[name] = max(peaks[name], float(np.abs(waveform).max()))
        except UserError as error:
            advice = "" if str(error).endswith(".") else ". Replace the file."
            raise UserError(f"{song.path}: {error}{advice}") from None
    loud = {files[name]: peak for name, peak in peaks.items() if peak > 1 and suffix == CLIPPED}
    return [
        *([f"{song.path}: {audio.defect}"] if audio.defect else []),
        *(
            f"{file}: peaks of {peak:.2f} were clipped to 1. Use --format wav to keep them."
            for file, peak in loud.items()
        ),
    ]


@contextmanager
def _opened(path: Path, minutes: int | None) -> Iterator[Audio]:
    with open_audio(path, minutes and minutes * 60) as audio:
        if minutes and audio.samples > minutes * 60 * audio.rate:
            raise UserError(f"{path}: lasts more than {minutes} minutes. The command cunet separate takes any length.")
        yield audio


def _places(pattern: str, out: Path) -> Iterator[tuple[Path, Path]]:
    """Files that match a pattern, with their folders below `out`."""
    if not pattern:
        raise UserError("a song has an empty name. Is a shell variable empty?")
    path = Path(pattern)
    if os.path.isdir(path):
        if out.resolve() == path.resolve():
            raise UserError(f"{path}: estimates in the folder of the songs would count as songs. Choose another --out.")
        files = _audio_files(path, out)
        if not files:
            raise UserError(f"{path}: no audio file in this folder ({', '.join(SUFFIXES)})")
        yield from ((file, file.relative_to(path).with_suffix("")) for file in files)
    elif os.path.lexists(path) or not glob.has_magic(pattern):
        yield path, Path(path.stem)
    else:
        matches = map(Path, sorted(glob.glob(pattern, recursive=True)))
        files = [
            file for file in matches if file.is_file() and not any(map(is_scattered, set(file.parts) - {*path.parts}))
        ]
        if not files:
            raise UserError(f"{pattern}: no file matches")
        yield from ((file, Path(file.stem)) for file in files)


def _audio_files(root: Path, out: Path) -> list[Path]:
    """Audio files below a folder at any depth, sorted; links are followed, and `out` is skipped.

    Every folder is searched once. Broken links are included, so that they are reported like missing songs.
    """
    found: list[Path] = []
    searched = {root.resolve()}
    for here, folders, files in os.walk(root, onerror=_refuse_folder, followlinks=True):
        folders.sort(key=lambda name: (Path(here, name).is_symlink(), name))  # a folder itself before links to it
        folders[:] = [name for name in folders if _is_to_search(Path(here, name), out, searched)]
        paths = [Path(here, name) for name in files if not is_scattered(name)]
        found += [path for path in paths if (path.suffix.lower() in SUFFIXES and path.is_file()) or not path.exists()]
    return sorted(found)


def _is_to_search(folder: Path, out: Path, searched: set[Path]) -> bool:
    real = folder.resolve()
    if is_scattered(folder.name) or real == out.resolve():
        return False
    if real in searched:
        print(readable(f"{folder}: skipped, as a link to {real}, which is searched already"), file=sys.stderr)
        return False
    searched.add(real)
    return True


def _refuse_folder(error: OSError) -> None:
    raise UserError(f"{error.filename}: cannot be read ({error.strerror})") from None


def _bar(name: str, audio: Audio, shown: bool) -> tqdm:  # type: ignore[type-arg]
    """A progress bar over two readings: for the peak of the mixture, and for the estimates."""
    return tqdm(
        disable=not shown,
        total=100,
        unit="%",
        desc=name,
        bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}",
    )


@contextmanager
def _writers(files: dict[str, Path], suffix: str, audio: Audio) -> Iterator[dict[str, soundfile.SoundFile]]:
    """Open files under other names; they are renamed if the block succeeds, and deleted otherwise."""
    parts = {name: path.with_name(f".{path.name}.part") for name, path in files.items()}
    folder = next(iter(files.values())).parent
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            yield {name: stack.enter_context(_writer(part, suffix, audio)) for name, part in parts.items()}
        for name, part in parts.items():
            put_in_place(part, files[name])
    except (OSError, soundfile.LibsndfileError) as error:
        reason = error.strerror if isinstance(error, OSError) else _why_not(folder) or error.error_string.rstrip(".")
        raise UserError(f"{folder}: cannot be written ({reason}). Choose another --out, or free some space.") from None
    finally:
        with suppress(OSError):
            for part in parts.values():
                part.unlink(missing_ok=True)
            for path in made:
                path.rmdir()  # fails if the folder has estimates


def _why_not(folder: Path) -> str:
    """Why nothing more can be written to a folder, of which libsndfile only says "System error"."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(PROBE))
    except OSError as error:
        return error.strerror or ""
    return ""


def _writer(path: Path, suffix: str, audio: Audio) -> soundfile.SoundFile:
    size = 4 * audio.samples * audio.channels
    kind = "RF64" if suffix == "wav" and size > LARGEST_WAV else suffix.upper()
    path.touch()  # gives a clear error for the folder, unlike libsndfile
    try:
        return soundfile.SoundFile(os.fsencode(path), "w", audio.rate, audio.channels, FORMATS[suffix], format=kind)
    except soundfile.LibsndfileError as error:
        raise UserError(
            f"{path.parent}: {suffix} cannot hold {audio.channels} channel(s) at {audio.rate} Hz "
            f"({error.error_string.rstrip('.')}). Choose another --format."
        ) from None


def _write(file: soundfile.SoundFile, waveform: Waveform) -> None:
    for start in range(0, len(waveform), BLOCK):
        file.write(waveform[start : start + BLOCK])
