"""Computes a track's spectrograms and writes them to a file."""

import hashlib
from pathlib import Path

import h5py
import numpy as np

from cunet.errors import UserError
from cunet.files import put_in_place
from cunet.names import MIXTURE
from cunet.settings.spectrogram import Spectrogram
from cunet.signals.arrays import Mono
from cunet.signals.resampling import fit_length, resample
from cunet.signals.stft import stft
from cunet.tracks.track import Track


def read_mono(track: Track, source: str, rate: int, samples: int | None = None) -> Mono:
    """The mean of a source's channels `(samples,)` at `rate` Hz, cut or padded to `samples` if given.

    Raises:
        UserError: the source cannot be read or resampled.
    """
    waveform, own_rate = track.read(source)
    try:
        mono = resample(waveform, own_rate, rate, mono=True)
    except UserError as error:
        raise UserError(f"{track.name}: {source} {error}") from None
    return (mono if samples is None else fit_length(mono, samples))[:, 0]


def write_track(track: Track, path: Path, settings: Spectrogram) -> None:
    """Write the complex spectrograms of a track: datasets `mixture` and `sources/<instrument>`.

    They are stored as `(frames, bins)`, uncompressed and contiguous, so that a patch is one read and the same track
    gives the same file, byte for byte (positions of chunks would depend on when they are flushed).
    Attributes: `samples` at the model's rate, `peak` of the mixture's magnitudes (1 for a silent mixture),
    and `sha256` of the contents. The file is written under another name and renamed.

    Raises:
        UserError: a source cannot be read.
    """
    part = path.with_suffix(".part")
    digest = hashlib.sha256()
    samples: int | None = None
    peak = 0.0
    with h5py.File(part, "w") as file:
        for source in (MIXTURE, *track.instruments):
            mono = read_mono(track, source, settings.sample_rate, samples)
            samples = len(mono)
            name = MIXTURE if source == MIXTURE else f"sources/{source}"
            frames = np.ascontiguousarray(stft(mono, settings).T)
            file.create_dataset(name, data=frames)
            digest.update(name.encode())
            digest.update(frames.data)
            peak = float(np.abs(frames).max()) if source == MIXTURE else peak
        file.attrs["samples"] = samples
        file.attrs["peak"] = peak or 1.0
        file.attrs["sha256"] = digest.hexdigest()
    put_in_place(part, path)
