"""Measures of composed and recorded voices, to show how they differ.

    python -m benchmarks.voices FOLDER [FOLDER ...] [--stem vocals] [--rate 8192]

Every folder has tracks, `<track>/<stem>.<wav|flac|ogg>`, such as `data/audio/train`; measures are medians over tracks.
Frames are 64 ms long and count if they are within 30 dB of the loudest tenth.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from cunet.cli.running import run
from cunet.errors import UserError
from cunet.signals.arrays import Mono
from cunet.signals.resampling import resample
from cunet.tracks.folder import tracks
from cunet.tracks.track import Track

FRAME, HOP = 0.064, 0.016  # seconds
BANDS = ((0, 300), (300, 1000), (1000, 2000), (2000, 4000))  # Hz
RANGE = 30  # dB below the loudest tenth
LOWEST, HIGHEST = 80, 800  # Hz, of the pitch of a voice
PERIODIC = 0.6  # autocorrelation at the pitch, of a voiced frame
VIBRATO = (4.0, 8.0)  # Hz
NOTE = 0.4  # shortest held note, in seconds, that is searched for vibrato


def measures(voice: Mono, rate: int) -> dict[str, float]:
    """Measures of one voice `(samples,)`."""
    size, hop = round(FRAME * rate), round(HOP * rate)
    frames = sliding_window_view(voice, size)[::hop] * np.hanning(size)
    power = np.abs(np.fft.rfft(frames)) ** 2
    level = 10 * np.log10(power.sum(axis=1) + 1e-12)
    active = level > np.quantile(level, 0.9) - RANGE
    frequencies = np.fft.rfftfreq(size, 1 / rate)
    spectrum = power[active].sum(axis=0)
    shares = {
        f"{low}-{high} Hz, %": 100 * spectrum[(frequencies >= low) & (frequencies < high)].sum() / spectrum.sum()
        for low, high in BANDS
    }
    pitch, periodic = _pitch(frames, rate)
    voiced = active & (periodic > PERIODIC)
    rises = power[active]
    bright = rises[:, frequencies >= 2000].sum(axis=1) > rises.sum(axis=1) / 2
    depth, vibrato = _vibrato(pitch, voiced, rate / hop)
    return {
        "sounding, % of the time": 100 * float(active.mean()),
        **shares,
        "unvoiced, % of frames": 100 * float((~voiced[active]).mean()),
        "bright, % of frames": 100 * float(bright.mean()),
        "pitch spread in a note, cents": depth,
        "vibrato, % of held notes": vibrato,
        "fall of the level, dB/s": _fall(level, active, rate / hop),
    }


def _pitch(frames: npt.NDArray[np.float64], rate: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Pitch in Hz of every frame, and the autocorrelation at this pitch."""
    size = frames.shape[1]
    correlation = np.fft.irfft(np.abs(np.fft.rfft(frames, 2 * size)) ** 2)[:, :size]
    window = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(size), 2 * size)) ** 2)[:size]
    correlation = correlation / (correlation[:, :1] + 1e-12) * (window[0] / np.maximum(window, 1e-3 * window[0]))
    lags = np.arange(rate // HIGHEST, rate // LOWEST)
    best = lags[np.argmax(correlation[:, lags], axis=1)]
    rows = np.arange(len(frames))
    before, at, after = (correlation[rows, best + step] for step in (-1, 0, 1))
    curve = before - 2 * at + after
    shift = np.where(curve < 0, 0.5 * (before - after) / np.where(curve < 0, curve, 1), 0.0)
    return rate / (best + np.clip(shift, -0.5, 0.5)), at


def _vibrato(pitch: npt.NDArray[np.float64], voiced: npt.NDArray[np.bool_], fps: float) -> tuple[float, float]:
    """Median spread of the pitch in held notes, in cents, and the proportion of them with vibrato at 4 to 8 Hz."""
    cents = 1200 * np.log2(pitch)
    steady = voiced[1:] & voiced[:-1] & (np.abs(np.diff(cents)) < 80)
    spreads, swinging = [], []
    edges = np.flatnonzero(np.diff(np.concatenate([[False], steady, [False]]).astype(int)))
    for start, stop in edges.reshape(-1, 2):
        if stop - start < NOTE * fps:
            continue
        note = cents[start : stop + 1]
        line = np.polyval(np.polyfit(np.arange(len(note)), note, 2), np.arange(len(note)))
        power = np.abs(np.fft.rfft((note - line) * np.hanning(len(note)), 256)) ** 2
        rates = np.fft.rfftfreq(256, 1 / fps)
        inside = power[(rates >= VIBRATO[0]) & (rates <= VIBRATO[1])].sum() / (power.sum() + 1e-12)
        spreads.append((note - line).std())
        swinging.append(inside > 0.5 and spreads[-1] > 10)
    return (float(np.median(spreads)), 100 * float(np.mean(swinging))) if spreads else (np.nan, np.nan)


def _fall(level: npt.NDArray[np.float64], active: npt.NDArray[np.bool_], fps: float) -> float:
    """Decay of notes: the median over falls of at least 15 dB; reverberation slows it down."""
    drops, start = [], None
    smooth = np.convolve(level, np.ones(3) / 3, mode="same")
    for frame in range(1, len(smooth)):
        falling = smooth[frame] < smooth[frame - 1]
        if falling and start is None and active[frame - 1]:
            start = frame - 1
        elif not falling and start is not None:
            if smooth[start] - smooth[frame - 1] >= 15:
                drops.append((smooth[start] - smooth[frame - 1]) / ((frame - 1 - start) / fps))
            start = None
    return float(np.median(drops)) if drops else np.nan


def _measured(track: Track, stem: str, rate: int) -> dict[str, float]:
    if stem not in track.instruments:
        raise UserError(f"{track.name}: no {stem}; it has {', '.join(track.instruments)}")
    waveform, own_rate = track.read(stem)
    return measures(resample(waveform, own_rate, rate, mono=True)[:, 0], rate)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="folder of tracks")
    parser.add_argument("--stem", default="vocals", help="stem to measure (default: %(default)s)")
    parser.add_argument("--rate", type=int, default=8192, help="sample rate in Hz (default: %(default)s)")
    arguments = parser.parse_args()
    run(lambda: show(arguments.folders, arguments.stem, arguments.rate))


def show(folders: Sequence[Path], stem: str, rate: int) -> None:
    """Print the measures of the voices in all folders.

    Raises:
        UserError: a folder has no tracks, or they lack the stem.
    """
    table = {
        f"{folder} ({len(found)} tracks)": pd.DataFrame([_measured(track, stem, rate) for track in found]).median()
        for folder in folders
        for found in [tracks(folder)]
    }
    print(pd.DataFrame(table).round(1).to_markdown())


if __name__ == "__main__":
    main()
