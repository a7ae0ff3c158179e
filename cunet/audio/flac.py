"""Damaged FLAC files: what libsndfile can decode of them, with the length of each part that it cannot."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import soundfile

from cunet.audio.libsndfile import SoundFile
from cunet.signals.arrays import Waveform

STEP = 2**12  # samples decoded at a time; a usual frame of FLAC


def bridged(path: Path, samples: int) -> Iterator[Waveform | int]:
    """The first `samples` of a damaged file: blocks, and the numbers of samples that cannot be decoded."""
    place = 0
    while place < samples:
        with suppress(soundfile.LibsndfileError), SoundFile(os.fsencode(path)) as file:
            file.seek(place)
            while len(block := file.read(min(STEP, samples - place), np.float32, always_2d=True)):
                place += len(block)
                yield block
        if place < samples:
            damaged = _damaged(path, place, samples)
            place += damaged
            yield damaged


def _damaged(path: Path, place: int, samples: int) -> int:
    """How many samples from `place` cannot be decoded: doubles until a place can be decoded, then bisects."""
    last = (samples - 1 - place) // STEP
    damaged, intact = 0, min(1, last)  # in steps
    while not _can_be_decoded(path, place + intact * STEP):
        if intact == last:
            return samples - place
        damaged, intact = intact, min(2 * intact, last)
    while intact - damaged > 1:
        middle = (damaged + intact) // 2
        if _can_be_decoded(path, place + middle * STEP):
            intact = middle
        else:
            damaged = middle
    return intact * STEP


def _can_be_decoded(path: Path, place: int) -> bool:
    try:
        with SoundFile(os.fsencode(path)) as file:
            file.seek(place)
            return len(file.read(STEP)) > 0
    except soundfile.LibsndfileError:
        return False
