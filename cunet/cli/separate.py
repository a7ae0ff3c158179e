"""`cunet separate`: checks the request before it writes anything, then separates song by song."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cunet.conditions.naming import Condition, Conditions, condition_name, parse_condition
from cunet.errors import UserError, is_out_of_memory, no_memory
from cunet.files import temporary_files_fail, temporary_folder
from cunet.loading import STARTER, default_model, load_model
from cunet.names import readable
from cunet.separate.songs import Song, estimate_name, find_songs, separate_song
from cunet.startup import uncollected

if TYPE_CHECKING:  # Keras takes seconds to import, and a mistake should be told at once
    from cunet.separate.estimates import Above
    from cunet.separate.model import Model
    from cunet.settings.evaluation import Consistency

STANDARD_INPUT = "-"


def separate(
    songs: list[str],
    model: str | None,
    targets: list[str] | None,
    mix: str | None,
    two_stems: str | None,
    out: Path,
    suffix: str,
    above: "Above",
    consistency: "Consistency",
    overwrite: bool,
) -> None:
    """Separate songs; a song that fails is reported on one line, and the others are still separated.

    Raises:
        UserError: the request cannot be met; or, at the end, some songs could not be separated.
    """
    mixed = None if mix is None else parse_condition(mix)
    with _standard_input(songs) as received:
        found = find_songs([str(received) if name == STANDARD_INPUT else name for name in songs], out)
        _check_songs(found)
        with uncollected():
            trained = load_model(chosen_model(model), consistency=consistency)
        _reserve_memory()
        conditions = _conditions(trained, targets, mixed) if two_stems is None else _two_stems(trained, two_stems)
        files = [file for song in found for file in song.files(conditions, suffix).values()]
        _check_targets(found, files, overwrite)

        def said(text: object) -> str:
            return readable(str(text) if received is None else str(text).replace(str(received), STANDARD_INPUT))

        failed = 0
        for song in found:
            try:
                remarks = separate_song(trained, song, conditions, suffix, above, sys.stderr.isatty())
            except Exception as error:
                reason = _reason(song, error)
                if reason is None:
                    raise
                if len(found) == 1:
                    raise UserError(said(reason)) from None
                failed += 1
                print(f"error: {said(reason)}", file=sys.stderr)
                continue
            for remark in remarks:
                print(f"warning: {said(remark)}", file=sys.stderr)
            print("\n".join(readable(file) for file in song.files(conditions, suffix).values()))
    if failed:
        raise UserError(f"{failed} of {len(found)} songs could not be separated; see above")


def _reason(song: Song, error: Exception) -> str | None:
    """Why a song could not be separated, if others can nevertheless: they may need less memory."""
    if isinstance(error, UserError):
        return str(error)
    return f"{song.path}: {no_memory(error)}" if is_out_of_memory(error) else None


def _reserve_memory() -> None:
    """Multiply matrices before anything is written: OpenBLAS ends the process if it gets no memory then."""
    matrix = np.ones((512, 512), np.float32)
    np.matmul(matrix, matrix)


def chosen_model(name: str | None) -> str | Path:
    """The named model, or else the default one, whose name is printed."""
    if name is not None:
        return name
    found, unused = default_model()
    print(f"model: {'starter' if found == STARTER else found}{unused and f' ({unused})'}", file=sys.stderr)
    return found


@contextmanager
def _standard_input(songs: list[str]) -> Iterator[Path | None]:
    """A temporary file with the song from standard input, if `-` is one of the songs.

    Raises:
        UserError: standard input is empty, is given twice, or does not fit on the disk.
    """
    if STANDARD_INPUT not in songs:
        yield None
        return
    if songs.count(STANDARD_INPUT) > 1:
        raise UserError("-: standard input is a single song. Give it once.")
    if sys.stdin is None or sys.stdin.isatty():
        raise UserError("-: standard input is a terminal. Redirect a song, as in cunet separate - < song.mp3.")
    with temporary_folder() as folder:
        path = folder / "stdin"
        try:
            with path.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        except OSError as error:
            raise temporary_files_fail(folder.parent, error.strerror) from None
        if not path.stat().st_size:
            raise UserError("-: standard input is empty")
        yield path


def _two_stems(model: "Model", instrument: str) -> Conditions:
    asked = model.condition(instrument)
    name = estimate_name(asked, instrument)
    return {name: asked, f"no_{name}": {other: 1 - weight for other, weight in asked.items()}}


def _conditions(model: "Model", targets: list[str] | None, mix: Condition | None) -> Conditions:
    asked = [model.condition(what) for what in ([mix] if mix is not None else targets or model.instruments)]
    return {estimate_name(condition, condition_name(condition)): condition for condition in asked}


def _check_songs(songs: list[Song]) -> None:
    """Refuse songs none of which exist, before a model is loaded."""
    missing = [song.path for song in songs if not song.path.is_file()]
    if len(missing) == len(songs):
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise UserError(f"{missing[0]}: no such file{more}")


def _check_targets(songs: list[Song], files: list[Path], overwrite: bool) -> None:
    """Refuse to replace existing files without `overwrite`, and songs or folders in any case."""
    own = {os.path.realpath(song.path) for song in songs}
    existing = [file for file in files if file.exists()]
    for file in existing:
        if os.path.realpath(file) in own:
            raise UserError(f"{file}: an estimate would replace this song. Choose another --out.")
        if file.is_dir():
            raise UserError(f"{file}: an estimate would have the name of this folder. Choose another --out.")
    if existing and not overwrite:
        more = f" (and {len(existing) - 1} more)" if len(existing) > 1 else ""
        raise UserError(f"{existing[0]}: already exists{more}. Add --overwrite, or choose another --out.")
