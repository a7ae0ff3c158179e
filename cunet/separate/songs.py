"""Songs in files: which are meant, where their estimates go, and writing them whole or not at all."""

import glob
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from tqdm import tqdm

from cunet.datasets.track import Waveform
from cunet.errors import UserError
from cunet.evaluation.targets import Conditions
from cunet.separate.audio import Audio, open_audio

if TYPE_CHECKING:  # Keras takes seconds to import
    from cunet.separate.estimates import Above
    from cunet.separate.model import Model

# What is taken from a folder; a file that is named is tried whatever it is called.
SUFFIXES = (
    *(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".caf", ".w64", ".rf64"),
    *(".m4a", ".mp4", ".aac", ".wma", ".mka", ".webm", ".ac3"),
)
FORMATS = {"wav": "FLOAT", "flac": "PCM_24", "ogg": "VORBIS", "mp3": "MPEG_LAYER_III"}
CLIPPED = "flac"
LARGEST_WAV = 2**32 - 2**16  # bytes that its header can tell
BLOCK = 2**16  # samples at a time: libsndfile's Vorbis encoder keeps what it is given on the stack


@dataclass(frozen=True)
class Song:
    """A file to separate, and the folder for its estimates."""

    path: Path
    out: Path

    def files(self, conditions: Conditions, suffix: str) -> dict[str, Path]:
        """Where the estimate of each condition goes."""
        return {name: self.out / f"{name}.{suffix}" for name in conditions}


def find_songs(patterns: Sequence[str], out: Path) -> list[Song]:
    """The songs that files, folders and globs name, each with a folder below `out`.

    Folders are searched to any depth, and their own folders are kept below `out`.

    Raises:
        UserError: nothing is found, or two songs would go to the same folder.
    """
    found: dict[Path, Song] = {}
    for path, name in (place for pattern in patterns for place in _places(pattern, out)):
        song = Song(path, out / name)
        if name.name in ("", "..") or ".." in name.parts:
            raise UserError(f"{path}: a song of this name would be written outside {out}: rename it")
        if song.out in found and found[song.out].path.resolve() != path.resolve():
            raise UserError(
                f"{path}: would go to {song.out}, and so would {found[song.out].path}: rename one, or separate it "
                "with another --out"
            )
        found[song.out] = song
    return list(found.values())


def separate_song(
    model: "Model",
    song: Song,
    conditions: Conditions,
    suffix: str,
    above: "Above" = "silence",
    add_up: bool = False,
    progress: bool = True,
) -> list[str]:
    """Write the estimates of a song, with its rate, length and number of channels.

    Returns:
        remarks: which estimates were clipped.

    Raises:
        UserError: the song cannot be read, or the estimates cannot be written.
    """
    files = song.files(conditions, suffix)
    peaks = dict.fromkeys(files, 0.0)
    with (
        open_audio(song.path) as audio,
        _bar(song.path.name, audio, progress) as bar,
        _writers(files, suffix, audio) as writers,
    ):
        try:
            for piece in model.estimates(audio, conditions, above, add_up, bar.update).pieces():
                for name, waveform in piece.items():
                    _write(writers[name], waveform)
                    peaks[name] = max(peaks[name], float(np.abs(waveform).max()))
        except UserError as error:
            raise UserError(f"{song.path}: {error}") from None
    if suffix != CLIPPED:
        return []
    return [
        f"{files[name]}: peaks of {peak:.2f} were clipped to 1; --format wav keeps them"
        for name, peak in peaks.items()
        if peak > 1
    ]


def _places(pattern: str, out: Path) -> Iterator[tuple[Path, Path]]:
    """Files that a pattern names, and their folder below `out`."""
    path = Path(pattern)
    if path.is_dir():
        inside = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        if out.resolve() == path.resolve():
            raise UserError(f"{path}: estimates beside the songs would be taken for songs: choose another --out")
        ours = path.resolve() in out.resolve().parents
        files = [file for file in inside if not ours or out.resolve() not in file.resolve().parents]
        if not files:
            raise UserError(f"{path}: holds no audio file ({', '.join(SUFFIXES)})")
        yield from ((file, file.relative_to(path).with_suffix("")) for file in files)
    elif path.exists() or not glob.has_magic(pattern):
        yield path, Path(path.stem)
    else:
        files = [Path(file) for file in sorted(glob.glob(pattern, recursive=True)) if os.path.isfile(file)]
        if not files:
            raise UserError(f"{pattern}: names no file")
        yield from ((file, Path(file.stem)) for file in files)


def _bar(name: str, audio: Audio, shown: bool) -> tqdm:  # type: ignore[type-arg]
    """Two readings: for the peak of the mixture, and for the estimates."""
    return tqdm(
        disable=not shown,
        total=2 * audio.samples,
        desc=name,
        bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}",
    )


@contextmanager
def _writers(files: dict[str, Path], suffix: str, audio: Audio) -> Iterator[dict[str, soundfile.SoundFile]]:
    """Open files under other names; they are renamed when the block ends well, and vanish when it does not."""
    parts = {name: path.with_name(f".{path.name}.part") for name, path in files.items()}
    folder = next(iter(files.values())).parent
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            yield {name: stack.enter_context(_writer(part, suffix, audio)) for name, part in parts.items()}
        for name, part in parts.items():
            part.replace(files[name])
    except (OSError, soundfile.LibsndfileError) as error:
        reason = error.strerror if isinstance(error, OSError) else error.error_string
        raise UserError(f"{folder}: cannot be written ({reason}): choose another --out, or make room") from None
    finally:
        with suppress(OSError):
            for part in parts.values():
                part.unlink(missing_ok=True)
            for path in made:
                path.rmdir()  # where nothing came of it


def _writer(path: Path, suffix: str, audio: Audio) -> soundfile.SoundFile:
    size = 4 * audio.samples * audio.channels
    kind = "RF64" if suffix == "wav" and size > LARGEST_WAV else suffix.upper()
    path.touch()  # says what is wrong with the folder, where libsndfile does not
    try:
        return soundfile.SoundFile(path, "w", audio.rate, audio.channels, FORMATS[suffix], format=kind)
    except soundfile.LibsndfileError as error:
        raise UserError(
            f"{path.parent}: {suffix} cannot hold {audio.channels} channel(s) at {audio.rate} Hz "
            f"({error.error_string.rstrip('.')}): choose another --format"
        ) from None


def _write(file: soundfile.SoundFile, waveform: Waveform) -> None:
    for start in range(0, len(waveform), BLOCK):
        file.write(waveform[start : start + BLOCK])
