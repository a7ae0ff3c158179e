"""`cunet separate`: what is asked, checked before anything is written, then song by song."""

import os
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from cunet.conditions.naming import Condition, Conditions, condition_name, parse_condition
from cunet.errors import UserError
from cunet.files import temporary_folder
from cunet.layout import MODELS, STUDIED
from cunet.loading import STARTER, load_model
from cunet.models.architecture import DESCRIPTION
from cunet.names import readable
from cunet.separate.songs import Song, find_songs, separate_song
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
    """Separate songs; all that can be are, and what is wrong with the others is said, on a line each.

    Raises:
        UserError: nothing can be started; or, at the end, some songs could not be separated.
    """
    mixed = None if mix is None else parse_condition(mix)
    with ExitStack() as stack:
        found = find_songs([_song(name, stack) for name in songs], out)
        with uncollected():
            trained = load_model(chosen_model(model), consistency=consistency)
        conditions = _two_stems(trained, two_stems) if two_stems else _conditions(trained, targets, mixed)
        _separate(trained, found, conditions, suffix, above, overwrite)


def _separate(
    trained: "Model", found: list[Song], conditions: Conditions, suffix: str, above: "Above", overwrite: bool
) -> None:
    _check_targets(found, [file for song in found for file in song.files(conditions, suffix).values()], overwrite)
    failed = 0
    for song in found:
        try:
            remarks = separate_song(trained, song, conditions, suffix, above)
        except UserError as error:
            if len(found) == 1:
                raise
            failed += 1
            print(f"error: {readable(error)}", file=sys.stderr)
            continue
        for remark in remarks:
            print(f"warning: {readable(remark)}", file=sys.stderr)
        print("\n".join(readable(file) for file in song.files(conditions, suffix).values()))
    if failed:
        raise UserError(f"{failed} of {len(found)} songs could not be separated: see above")


def chosen_model(name: str | None) -> str:
    """The model that is named, or else that of the pipeline, or else the starter model; the choice is printed."""
    if name is not None:
        return name
    own = MODELS / STUDIED / "0"
    found = str(own) if (own / DESCRIPTION).is_file() else STARTER.name
    print(f"model: {found}", file=sys.stderr)
    return found


def _song(name: str, stack: ExitStack) -> str:
    """A song; what comes in on standard input is kept in a file as long as the `stack` is open.

    Raises:
        UserError: nothing comes in.
    """
    if name != STANDARD_INPUT:
        return name
    if sys.stdin is None or sys.stdin.isatty():
        raise UserError("-: nothing comes in on standard input: send a song, as in cunet separate - < song.mp3")
    path = stack.enter_context(temporary_folder()) / "stdin"
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    if not path.stat().st_size:
        raise UserError("-: standard input is empty")
    return str(path)


def _two_stems(model: "Model", instrument: str) -> Conditions:
    asked = model.condition(instrument)
    return {_name(asked): asked, f"no_{_name(asked)}": {other: 1 - weight for other, weight in asked.items()}}


def _conditions(model: "Model", targets: list[str] | None, mix: Condition | None) -> Conditions:
    asked = [model.condition(what) for what in ([mix] if mix is not None else targets or model.instruments)]
    return {_name(condition): condition for condition in asked}


def _name(condition: Condition) -> str:
    """Of a file: an instrument without its weight, or the condition."""
    instruments = [name for name, weight in condition.items() if weight]
    return instruments[0] if len(instruments) == 1 else condition_name(condition)


def _check_targets(songs: list[Song], files: list[Path], overwrite: bool) -> None:
    """Nothing that is there is replaced unasked, and no song and no folder at all."""
    own = {os.path.realpath(song.path) for song in songs}
    existing = [file for file in files if file.exists()]
    for file in existing:
        if os.path.realpath(file) in own:
            raise UserError(f"{file}: is a song, and an estimate would replace it: choose another --out")
        if file.is_dir():
            raise UserError(f"{file}: is a folder, and an estimate would be called so: choose another --out")
    if existing and not overwrite:
        more = f" (and {len(existing) - 1} more)" if len(existing) > 1 else ""
        raise UserError(f"{existing[0]} is there already{more}: add --overwrite, or choose another --out")
