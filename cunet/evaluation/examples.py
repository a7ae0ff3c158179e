"""Excerpts of test tracks to hear and to see: the middle of the track, as FLAC files and as spectrograms."""

from pathlib import Path

import numpy as np
import soundfile

from cunet.conditions.naming import Conditions, condition_group
from cunet.conditions.tables import SINGLE
from cunet.evaluation.pictures import draw_spectrograms
from cunet.masking.masks import Mask
from cunet.names import MIXTURE, is_scattered
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.settings.training import Spectrogram
from cunet.signals.arrays import Mono
from cunet.signals.stft import istft

EXAMPLES = "examples"
SUFFIX = ".flac"
REFERENCE = "reference"


def write_example(
    track: TrackSpectrograms,
    masks: dict[str, Mask],
    conditions: Conditions,
    name: str,
    settings: Spectrogram,
    seconds: float,
    out: Path,
) -> None:
    """Write the estimates of one architecture: `<track>/<target>.flac`, and a picture beside mixture and references."""
    folder = out / EXAMPLES / track.name
    folder.mkdir(parents=True, exist_ok=True)
    excerpts = {target: excerpt(track, mask, settings, seconds) for target, mask in masks.items()}
    for target, waveform in excerpts.items():
        write_sound(waveform, settings.sample_rate, folder / f"{target}{SUFFIX}")
    columns = {**truth(track, conditions, settings, seconds), name: excerpts}
    draw_spectrograms(columns, _in_the_picture(conditions), settings, track.name, folder.with_name(f"{track.name}.png"))


def excerpt(track: TrackSpectrograms, mask: Mask | float, settings: Spectrogram, seconds: float) -> Mono:
    """The middle of a track's mixture under a mask."""
    return _middle(istft(mask * track.mixture(), track.samples, settings), settings.sample_rate, seconds)


def truth(
    track: TrackSpectrograms, conditions: Conditions, settings: Spectrogram, seconds: float
) -> dict[str, dict[str, Mono]]:
    """The mixture and the reference of every condition, as columns of a picture."""
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


def compare_examples(
    results: dict[str, Path],
    conditions: Conditions,
    spectrograms: Path,
    settings: Spectrogram,
    seconds: float,
    out: Path,
) -> None:
    """Put the examples of all architectures side by side.

    Writes `spectrograms/<track>.png`, and `sound/<track>/<target>/<architecture>.flac` with `mixture` and
    `reference` beside, to the folder `out`.
    """
    pictures, sound = out / "spectrograms", out / "sound"
    pictures.mkdir()
    sound.mkdir()
    anyone = next(iter(results.values())) / EXAMPLES
    for track in sorted(path.name for path in anyone.glob("*") if path.is_dir() and not is_scattered(path.name)):
        file = TrackSpectrograms(spectrograms / f"{track}.h5")
        columns = truth(file, conditions, settings, seconds)
        for name, folder in results.items():
            if name not in columns:
                sounds = sorted((folder / EXAMPLES / track).glob(f"*{SUFFIX}"))
                columns[name] = {path.stem: soundfile.read(path, dtype="float32")[0] for path in sounds}
        for name, waveforms in columns.items():
            for target, waveform in waveforms.items():
                (sound / track / target).mkdir(parents=True, exist_ok=True)
                write_sound(waveform, settings.sample_rate, sound / track / target / f"{name}{SUFFIX}")
        draw_spectrograms(columns, _in_the_picture(conditions), settings, track, pictures / f"{track}.png")


def _in_the_picture(conditions: Conditions) -> list[str]:
    """Single instruments; all combinations would not fit."""
    return [target for target, condition in conditions.items() if condition_group(condition) == SINGLE]


def _middle(waveform: Mono, rate: int, seconds: float) -> Mono:
    length = min(len(waveform), round(seconds * rate))
    start = (len(waveform) - length) // 2
    return waveform[start : start + length]


def write_sound(waveform: Mono, rate: int, path: Path) -> None:
    """Write 16-bit FLAC; what exceeds full scale is clipped."""
    soundfile.write(path, waveform, rate, subtype="PCM_16")
