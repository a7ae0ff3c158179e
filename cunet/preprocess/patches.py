"""Patches of the tracks, and the split into training and validation tracks."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cunet.errors import UserError
from cunet.preprocess.spectrogram import TrackSpectrograms, track_files
from cunet.settings.patches import Patch, Validation


def build_indexes(
    spectrograms: Path, patch: Patch, validation: Validation, official: Sequence[str] = ()
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables of the training and of the validation patches; no track is in both.

    Validation tracks are those on the data set's `official` list, if it has one, and those in `validation.tracks`;
    without either, they are drawn at random. Training patches start every `patch.step` frames; validation patches
    do not overlap. The last patch of a track ends with its last frame; a track shorter than a patch has one patch,
    padded when it is read.

    Raises:
        UserError: a validation track does not exist, or no track is left to train on.
    """
    frames: dict[str, int] = {}
    for path in track_files(spectrograms):
        track = TrackSpectrograms(path)
        frames[track.name] = track.frames
    held_out = _validation_tracks(sorted(frames), validation, set(official))
    return (
        _table({name: n for name, n in frames.items() if name not in held_out}, patch.frames, patch.step),
        _table({name: n for name, n in frames.items() if name in held_out}, patch.frames, patch.frames),
    )


def check_count(drawn: int, tracks: int) -> None:
    """Check that drawing validation tracks leaves some to train on.

    Raises:
        UserError: it leaves none.
    """
    if drawn >= tracks:
        raise UserError(
            f"validation.tracks: {drawn} of {tracks} training tracks leaves none to train on. Lower it in params.yaml."
        )


def _validation_tracks(names: list[str], validation: Validation, official: set[str]) -> set[str]:
    named = set() if isinstance(validation.tracks, int) else set(validation.tracks)
    if unknown := sorted(named - set(names)):
        raise UserError(f"validation.tracks: unknown training tracks: {', '.join(unknown)}")
    held_out = named | (official & set(names))
    if official and not held_out:
        raise UserError(
            f"none of the {len(official)} official validation tracks is among the {len(names)} training tracks. "
            "List some in validation.tracks."
        )
    if not held_out and isinstance(validation.tracks, int):
        held_out = _draw(names, validation.tracks, validation.seed)
    if held_out == set(names):
        raise UserError("validation.tracks: lists every training track, which leaves none to train on")
    return held_out


def _draw(names: list[str], count: int, seed: int) -> set[str]:
    check_count(count, len(names))
    return {names[number] for number in np.random.default_rng(seed).choice(len(names), count, replace=False)}


def _table(frames: dict[str, int], length: int, step: int) -> pd.DataFrame:
    rows = [(name, start) for name in sorted(frames) for start in _starts(frames[name], length, step)]
    return pd.DataFrame(rows, columns=["track", "frame"])


def _starts(frames: int, length: int, step: int) -> list[int]:
    last = max(0, frames - length)
    return sorted({*range(0, last, step), last})
