"""`cunet separate`: what is asked, checked before anything is written, then song by song."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cunet.conditions.naming import Condition, Conditions, condition_name, parse_condition
from cunet.errors import UserError
from cunet.loading import load_model
from cunet.names import readable
from cunet.separate.songs import Song, find_songs, separate_song
from cunet.startup import uncollected

if TYPE_CHECKING:  # Keras takes seconds to import, and a mistake should be told at once
    from cunet.separate.estimates import Above
    from cunet.separate.model import Model
    from cunet.settings.evaluation import Consistency


def separate(
    songs: list[str],
    model: str | None,
    targets: list[str] | None,
    mix: str | None,
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
    found = find_songs(songs, out)
    with uncollected():
        trained = load_model(model, consistency=consistency)
    conditions = _conditions(trained, targets, mixed)
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


def _conditions(model: "Model", targets: list[str] | None, mix: Condition | None) -> Conditions:
    asked = [model.condition(what) for what in ([mix] if mix is not None else targets or model.instruments)]
    return {condition_name(condition): condition for condition in asked}


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
