"""Excerpts from the middle of a track, with or without a mask, and their files."""

from pathlib import Path

import numpy as np
import soundfile

from cunet.audio.writing import write_audio
from cunet.conditions.naming import Conditions
from cunet.masking.masks import Mask
from cunet.names import MIXTURE
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.settings.spectrogram import Spectrogram
from cunet.signals.arrays import Mono
from cunet.signals.stft import istft

FLAC = ".flac"
REFERENCE = "reference"
SOUND, PATH_SOUND = "sound", "interpretation"  # folders of the examples


def excerpt(track: TrackSpectrograms, mask: Mask | float, settings: Spectrogram, seconds: float) -> Mono:
    """The middle of a track's mixture under a mask `(bins, frames)`."""
    return _middle(istft(mask * track.mixture(), track.samples, settings), settings.sample_rate, seconds)


def truth(
    track: TrackSpectrograms, conditions: Conditions, settings: Spectrogram, seconds: float
) -> dict[str, dict[str, Mono]]:
    """The mixture and the references of all conditions: by `mixture` or `reference`, then by condition."""
    sources = {
        name: _middle(istft(track.source(name), track.samples, settings), settings.sample_rate, seconds)
        for name in track.instruments
    }
    mixture = excerpt(track, 1, settings, seconds)
    return {
        MIXTURE: dict.fromkeys(conditions, mixture),
        REFERENCE: {
            target: np.asarray(sum(np.float32(weight) * sources[name] for name, weight in condition.items()))
            for target, condition in conditions.items()
        },
    }


def write_sound(waveform: Mono, rate: int, path: Path) -> None:
    """Write 16-bit FLAC; samples above full scale are clipped."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_audio(path, waveform, rate)


def read_sound(path: Path) -> Mono:
    """Read a file that `write_sound` wrote."""
    waveform: Mono = soundfile.read(path, dtype="float32")[0]
    return waveform


def _middle(waveform: Mono, rate: int, seconds: float) -> Mono:
    length = min(len(waveform), round(seconds * rate))
    start = (len(waveform) - length) // 2
    return waveform[start : start + length]
