"""The embedded data set: songs composed from a seed and rendered with recorded instruments, read like a user's folder.

They have the MUSDB18-HQ layout: 44.1 kHz, stereo, 16 bits; the mixture is exactly the sum of the stems.
"""

import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import numpy.typing as npt
import soundfile
from pydantic import Field

from cunet.audio.writing import write_audio
from cunet.cluster import for_each
from cunet.datasets.dataset import Dataset
from cunet.datasets.extent import Extent
from cunet.files import new_folder
from cunet.names import MIXTURE
from cunet.settings.base import SUBSETS, Real, Seed, Settings, Subset, Whole

if TYPE_CHECKING:
    import pretty_midi
    from distributed import Client

RATE = 44100
# RMS level of the stems before mixing, in dB relative to full scale: mean and standard deviation over songs.
LEVELS = {"drums": (-20, 2), "bass": (-22, 2), "other": (-23, 2.5), "vocals": (-20, 2)}
PEAK = 0.89  # of the mixture, about -1 dBFS
FULL_SCALE = 32768

Count = Annotated[Whole, Field(ge=0, le=10**5)]
Stem = npt.NDArray[np.float64]


class Synthetic(Settings):
    """The data set composed from a seed: number of songs and their length."""

    train: Count
    test: Count
    seconds: Annotated[Real, Field(ge=2, le=3600)]
    seed: Seed


def prepare(settings: Synthetic, subset: Subset, out: Path, client: "Client") -> None:
    """Compose the songs of a subset, in parallel."""
    songs = plan_songs(settings, subset)
    seconds, folder = settings.seconds, out.resolve()
    jobs = for_each(
        client,
        compose_song,
        list(songs),
        lambda name: (folder / name, songs[name], seconds),
        f"{subset}: songs",
        done=lambda name: (folder / name).exists(),
    )
    for _ in jobs:
        pass


def extent(settings: Synthetic) -> Extent:
    """The size by the settings: five 16-bit stereo files per song."""
    tracks: dict[Subset, int] = {subset: len(plan_songs(settings, subset)) for subset in SUBSETS}
    seconds = {subset: count * settings.seconds for subset, count in tracks.items()}
    return Extent(tracks, seconds, len(LEVELS), round(sum(seconds.values()) * RATE * 4 * (len(LEVELS) + 1)))


def origin(settings: Synthetic, subset: Subset) -> list[Path]:
    """No files: the songs are composed."""
    return []


def plan_songs(settings: Synthetic, subset: Subset) -> dict[str, tuple[int, int, int]]:
    """Names of the songs of a subset and the seed of each, which does not depend on the number of songs."""
    number = SUBSETS.index(subset)
    count = settings.train if subset == "train" else settings.test
    return {f"Synthetic - {subset.title()} {song:03d}": (settings.seed, number, song) for song in range(1, count + 1)}


def compose_song(folder: Path, seed: tuple[int, ...], seconds: float) -> None:
    """Compose, render and write a song: `<folder>/{mixture,drums,bass,other,vocals}.wav` of `seconds` each."""
    from cunet.datasets.composer import compose  # takes a second to import

    rng = np.random.default_rng(seed)
    samples = round(seconds * RATE)
    scores = compose(rng, seconds)
    stems = {name: _level(_render(score, samples), *LEVELS[name], rng) for name, score in scores.items()}
    gain = PEAK / max(np.abs(sum(stems.values())).max(), *(np.abs(stem).max() for stem in stems.values()))
    quantised = {name: np.rint(stem * gain * FULL_SCALE).astype(np.int16) for name, stem in stems.items()}
    mixture = sum(stem.astype(np.int32) for stem in quantised.values())
    with new_folder(folder) as song:
        for name, stem in {**quantised, MIXTURE: np.asarray(mixture, np.int16)}.items():
            write_audio(song / f"{name}.wav", stem, RATE)


def _render(score: "pretty_midi.PrettyMIDI", samples: int) -> Stem:
    """`(samples, 2)`; sound beyond the end is cut."""
    import midirenderer
    from scipy.signal import resample_poly

    midi = io.BytesIO()
    score.write(midi)
    wave = midirenderer.render_wave_from(_soundfont(), midi.getvalue())
    rendered, rate = soundfile.read(io.BytesIO(wave), always_2d=True)
    audio = resample_poly(rendered, RATE, rate)
    return np.pad(audio[:samples], ((0, max(0, samples - len(audio))), (0, 0)))


@cache
def _soundfont() -> bytes:
    """The General MIDI SoundFont that comes with pretty_midi."""
    import pretty_midi

    return (Path(pretty_midi.__file__).parent / "TimGM6mb.sf2").read_bytes()


def _level(stem: Stem, mean: float, spread: float, rng: np.random.Generator) -> Stem:
    level = 10 ** (rng.normal(mean, spread) / 20)
    return np.asarray(stem * (level / np.sqrt(np.mean(stem**2))))


SYNTHETIC = Dataset(
    section="synthetic",
    settings=Synthetic,
    prepare=prepare,
    extent=extent,
    origin=origin,
    description="songs composed from a seed and rendered with recorded instruments of a General MIDI SoundFont",
    limits="The model was not trained on recorded songs or singing. Use it to try the pipeline; to separate "
    "recordings, train on recordings.",
)
