"""Excerpts of test tracks to hear and to see: the middle of the track, as FLAC files and as spectrograms."""

from pathlib import Path

import soundfile

from cunet.evaluation.masks import Mask
from cunet.evaluation.pictures import draw_spectrograms
from cunet.params import Spectrogram
from cunet.preprocess.spectrogram import Mono, TrackSpectrograms, istft

EXAMPLES = "examples"
SUFFIX = ".flac"


def write_example(
    track: TrackSpectrograms, masks: dict[str, Mask], name: str, settings: Spectrogram, seconds: float, out: Path
) -> None:
    """Write the estimates of one architecture: `<track>/<target>.flac`, and a picture beside mixture and references."""
    folder = out / EXAMPLES / track.name
    folder.mkdir(parents=True, exist_ok=True)
    mixture = track.mixture()
    excerpts = {
        target: _middle(istft(mask * mixture, track.samples, settings), settings.sample_rate, seconds)
        for target, mask in masks.items()
    }
    for target, excerpt in excerpts.items():
        _write_sound(excerpt, settings.sample_rate, folder / f"{target}{SUFFIX}")
    columns = {**truth(track, settings, seconds), name: excerpts}
    draw_spectrograms(columns, settings, track.name, folder.with_name(f"{track.name}.png"))


def truth(track: TrackSpectrograms, settings: Spectrogram, seconds: float) -> dict[str, dict[str, Mono]]:
    """The mixture and the references of every instrument, as columns of a picture."""

    def excerpt(source: str | None) -> Mono:
        spectrogram = track.source(source) if source else track.mixture()
        return _middle(istft(spectrogram, track.samples, settings), settings.sample_rate, seconds)

    mixture = excerpt(None)
    return {
        "mixture": dict.fromkeys(track.instruments, mixture),
        "reference": {instrument: excerpt(instrument) for instrument in track.instruments},
    }


def compare_examples(
    results: dict[str, Path], spectrograms: Path, settings: Spectrogram, seconds: float, out: Path
) -> None:
    """Put the examples of all architectures side by side.

    Writes `spectrograms/<track>.png`, and `sound/<track>/<target>/<architecture>.flac` with `mixture` and
    `reference` beside, to the folder `out`.
    """
    pictures, sound = out / "spectrograms", out / "sound"
    pictures.mkdir()
    sound.mkdir()
    anyone = next(iter(results.values())) / EXAMPLES
    for track in sorted(path.name for path in anyone.glob("*") if path.is_dir()):
        with TrackSpectrograms(spectrograms / f"{track}.h5") as file:
            columns = truth(file, settings, seconds)
        for name, folder in results.items():
            if name not in columns:
                sounds = sorted((folder / EXAMPLES / track).glob(f"*{SUFFIX}"))
                columns[name] = {path.stem: soundfile.read(path, dtype="float32")[0] for path in sounds}
        for name, waveforms in columns.items():
            for target, waveform in waveforms.items():
                (sound / track / target).mkdir(parents=True, exist_ok=True)
                _write_sound(waveform, settings.sample_rate, sound / track / target / f"{name}{SUFFIX}")
        draw_spectrograms(columns, settings, track, pictures / f"{track}.png")


def _middle(waveform: Mono, rate: int, seconds: float) -> Mono:
    length = min(len(waveform), round(seconds * rate))
    start = (len(waveform) - length) // 2
    return waveform[start : start + length]


def _write_sound(waveform: Mono, rate: int, path: Path) -> None:
    """16-bit FLAC; what exceeds full scale is clipped."""
    soundfile.write(path, waveform, rate, subtype="PCM_16")
