"""Audio files of example tracks: estimates of every architecture, and the path of one network's condition."""

from collections.abc import Sequence
from pathlib import Path

from cunet.conditions.naming import Conditions
from cunet.examples.excerpts import FLAC, excerpt, truth, write_sound
from cunet.examples.glide import glide
from cunet.interpret.masks import PathMasks
from cunet.interpret.tables import PATH
from cunet.masking.masks import GetMasks
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.settings.spectrogram import Spectrogram


def write_truth(
    tracks: Sequence[TrackSpectrograms], conditions: Conditions, settings: Spectrogram, seconds: float, out: Path
) -> None:
    """Write mixture and references of all `conditions`, in the layout of `write_estimates`."""
    for track in tracks:
        for name, waveforms in truth(track, conditions, settings, seconds).items():
            for target, waveform in waveforms.items():
                write_sound(waveform, settings.sample_rate, out / track.name / target / f"{name}{FLAC}")


def write_estimates(
    name: str,
    get_masks: GetMasks,
    tracks: Sequence[TrackSpectrograms],
    conditions: Conditions,
    settings: Spectrogram,
    seconds: float,
    out: Path,
) -> None:
    """Write the middle `seconds` of the estimates of an architecture: `<out>/<track>/<target>/<name>.flac`."""
    for track in tracks:
        for target, mask in get_masks(track, conditions).items():
            waveform = excerpt(track, mask, settings, seconds)
            write_sound(waveform, settings.sample_rate, out / track.name / target / f"{name}{FLAC}")


def write_path(
    get_masks: PathMasks,
    tracks: Sequence[TrackSpectrograms],
    steps: Conditions,
    settings: Spectrogram,
    seconds: float,
    out: Path,
) -> None:
    """Write the estimates of each step of the path, each instrument, and the U-Net alone: `<out>/<track>/<name>.flac`.

    `path.flac` moves along the whole path over time.
    """
    for track in tracks:
        masks = get_masks(track, steps)
        masks[PATH] = glide([masks[step] for step in steps], seconds, settings)
        for name, mask in masks.items():
            label = f"{PATH} {name}" if name in steps else name
            waveform = excerpt(track, mask, settings, seconds)
            write_sound(waveform, settings.sample_rate, out / track.name / f"{label}{FLAC}")
