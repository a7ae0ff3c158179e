"""Builds seven CC0 songs with singing from the artist's stems: four to train the starter model, three to score it.

    git clone https://github.com/ichbinsoftware/everythingisremixed
    git -C everythingisremixed checkout 6a6fbe3a634871fba7efe298dee048f394aa0f18
    python -m tools.cc0_songs everythingisremixed cc0_songs

The songs are "Everything is Free" by Software-Entwicklungskit, public domain (CC0 1.0). Writes
`<out>/{train,test}/<track>/{drums,other,vocals}.flac` at 44.1 kHz: for every song, vocal stems are summed to `vocals`,
drum stems to `drums`, and all others, including the bass, to `other`. If a stem exists only in the artist's small
version for phones, that version is used.
"""

import argparse
import re
from pathlib import Path

import numpy as np
import soundfile
from tqdm import tqdm

from cunet.audio.reading import read_audio
from cunet.cli.running import run
from cunet.errors import UserError
from cunet.files import new_folder
from cunet.settings.base import Subset
from cunet.signals.arrays import Waveform
from cunet.signals.resampling import resample

RATE = 44100
PEAK = 0.89  # of the mixture, about -1 dBFS
ARTIST = "Software-Entwicklungskit"
SONGS: dict[str, Subset] = {
    "1.Hydrogen": "train",
    "2.Lithium": "test",
    "3.Sodium": "train",
    "4.Potassium": "train",
    "5.Rubidium": "test",
    "6.Caesium": "train",
    "7.Francium": "test",
}
VOCALS = re.compile(r"\b(BG)?VOX\b")
DRUMS = re.compile(
    r"\b(KICK|SNARE|K & SN|CLAPS?|HATS?|HH|TOMS?|CYMBALS?|CRASH|(BREAK ?)?BEATS?|DRUMS?( BREAK)?|PE?RC|SCRATCH"
    r"|CRUSH BREAK|TOPS|TRANSISTION)\b"
)
ALSO_DRUMS = {("6.Caesium", "BREAK"), ("6.Caesium", "BUILD")}  # drums in spite of their names


def group_of(song: str, stem: str) -> str:
    """The instrument that a stem counts as.

    Examples:
        >>> [group_of("2.Lithium", stem) for stem in ("BGVOX 1", "ALT HH", "EDM BUILD", "CRUSH BREAK", "SY BASS")]
        ['vocals', 'drums', 'other', 'drums', 'other']
    """
    if VOCALS.search(stem):
        return "vocals"
    return "drums" if DRUMS.search(stem) or (song, stem) in ALSO_DRUMS else "other"


def stems(folder: Path) -> dict[str, Path]:
    """Files of a song by name of the stem, in the full version if there is one.

    Raises:
        UserError: there are none.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*_Stem_*.m4a"), key=lambda path: "_mobile" not in path.name):  # full ones last
        name = path.stem.split("_Stem_")[1].removesuffix("_mobile").replace("_", " ")
        found[name] = path
    if not found:
        raise UserError(f"{folder}: no stems (*_Stem_*.m4a). Clone the whole repository.")
    return dict(sorted(found.items()))


def mix(song: str, folder: Path) -> dict[str, Waveform]:
    """Drums, other and vocals of a song `(samples, 2)`, trimmed of silence at both ends."""
    groups: dict[str, Waveform] = {}
    for name, path in stems(folder).items():
        waveform, rate = read_audio(path)
        waveform = np.broadcast_to(resample(waveform, rate, RATE), (-(-len(waveform) * RATE // rate), 2))
        group = group_of(song, name)
        known = groups.get(group, np.zeros((0, 2), np.float32))
        length = max(len(known), len(waveform))
        groups[group] = _longer(known, length) + _longer(waveform, length)
    length = max(map(len, groups.values()))
    groups = {name: _longer(waveform, length) for name, waveform in groups.items()}
    mixture = np.sum(list(groups.values()), axis=0)
    sounding = np.flatnonzero(np.abs(mixture).max(axis=1) > 1e-4)
    gain = PEAK / max(np.abs(waveform).max() for waveform in (mixture, *groups.values()))
    return {name: gain * waveform[sounding[0] : sounding[-1] + 1] for name, waveform in groups.items()}


def _longer(waveform: Waveform, length: int) -> Waveform:
    """Pad a waveform with silence at the end."""
    return np.pad(waveform, ((0, length - len(waveform)), (0, 0)))


def write_songs(clone: Path, out: Path) -> None:
    """Write all songs to `out`; existing ones are kept.

    Raises:
        UserError: the clone lacks a song.
    """
    for song, subset in tqdm(SONGS.items(), "songs"):
        track = out / subset / f"{ARTIST} - {song.partition('.')[2]}"
        if track.exists():
            continue
        groups = mix(song, clone / "src" / song)
        with new_folder(track) as folder:
            for name, waveform in groups.items():
                soundfile.write(folder / f"{name}.flac", waveform, RATE, subtype="PCM_16")


def main() -> None:
    """Entry point of the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone", type=Path, help="clone of the artist's repository")
    parser.add_argument("out", type=Path, help="folder for the tracks")
    arguments = parser.parse_args()
    run(lambda: write_songs(arguments.clone, arguments.out))


if __name__ == "__main__":
    main()
