"""Small trees in the real formats of the MUSDB18 family: five AAC streams in an .mp4, or five WAV files."""

import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import stempeg

RATE = 44100
SOURCES = ("drums", "bass", "other", "vocals")  # in the order of the streams
VALIDATION = "Actions - One Minute Smile"
NAMES: Mapping[str, Sequence[str]] = {
    "train": (VALIDATION, "Music Delta - Rock", "M.E.R.C. Music - Knockout"),
    "test": ("AM Contra - Heart Peripheral", "Signe Jakobsen - What Have You Done To Me"),
}
Stems = npt.NDArray[np.float32]


def stems(seed: int, seconds: float) -> Stems:
    """`(5, samples, 2)`: the mixture, then clicks, a low tone, noise, and a vibrato tone, panned differently."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    clicks = 0.002 * rng.standard_normal(len(time))
    clicks[:: RATE // 4] += 0.7
    vibrato = np.cumsum(rng.uniform(400, 700) * (1 + 0.02 * np.sin(2 * np.pi * 5 * time))) / RATE
    mono = np.stack(
        [
            clicks,
            0.2 * np.sin(2 * np.pi * rng.uniform(60, 110) * time),
            0.05 * rng.standard_normal(len(time)),
            0.2 * np.sin(2 * np.pi * vibrato),
        ]
    )
    left = np.array([0.5, 0.6, 0.3, 0.7])[:, None]
    sources = np.stack([left * mono, (1 - left) * mono], axis=-1)
    return np.concatenate([sources.sum(axis=0, keepdims=True), sources]).astype(np.float32)


def write_stem_file(path: Path, audio: Stems) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    stempeg.write_stems(str(path), audio, RATE, writer=stempeg.StreamsWriter(codec="aac", bitrate=256000))


def write_wav_folder(path: Path, audio: Stems) -> None:
    path.mkdir(parents=True, exist_ok=True)
    for name, waveform in zip(("mixture", *SOURCES), audio, strict=True):
        soundfile.write(path / f"{name}.wav", waveform, RATE, subtype="PCM_16")


def write_stem_tree(root: Path, seconds: float = 4) -> Path:
    return _write_tree(
        seconds, lambda subset, name, audio: write_stem_file(root / subset / f"{name}.stem.mp4", audio), root
    )


def write_wav_tree(root: Path, seconds: float = 4) -> Path:
    return _write_tree(seconds, lambda subset, name, audio: write_wav_folder(root / subset / name, audio), root)


def _write_tree(seconds: float, write: Callable[[str, str, Stems], None], root: Path) -> Path:
    seed = 0
    for subset, names in NAMES.items():
        for name in names:
            write(subset, name, stems(seed := seed + 1, seconds))
    return root


def zip_tree(root: Path, archive: Path, prefix: str = "") -> Path:
    """An archive like the published ones: README.md, train/ and test/ at its top, or below `prefix`."""
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(f"{prefix}README.md", "MUSDB18")
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            file.write(path, prefix + path.relative_to(root).as_posix())
    return archive
