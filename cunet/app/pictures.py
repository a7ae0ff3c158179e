"""Waveforms and spectrograms of audio of any length."""

from itertools import pairwise
from typing import Any

import matplotlib

matplotlib.use("agg")

import numpy as np
import numpy.typing as npt
from matplotlib import pyplot
from scipy.signal.windows import hann

from cunet.audio.pieces import Audio
from cunet.separate.audio import Downmix

COLUMNS = 900  # of a picture, each for a stretch of time
WINDOW = 0.05  # seconds, for the spectrum of a column
RANGE_DB = 80
LINES = "#828282"  # contrasts with the light and the dark page, which show through the pictures
COLOURS: dict[Any, Any] = {"figure.facecolor": "none", "axes.facecolor": "none"} | dict.fromkeys(
    ("axes.edgecolor", "axes.labelcolor", "axes.titlecolor", "xtick.color", "ytick.color"), LINES
)
Picture = npt.NDArray[np.uint8]


def draw(audios: dict[str, Audio]) -> list[Picture]:
    """One picture `(height, width, 4)` per audio: waveform above spectrogram, all on the scales of the first."""
    measured = {title: _measure(Downmix(audio)) for title, audio in audios.items()}
    envelope, spectra = next(iter(measured.values()))
    reach, top = max(float(np.abs(envelope).max()), 1e-3), max(float(spectra.max()), -RANGE_DB)
    with matplotlib.rc_context(COLOURS):
        return [_picture(title, *measured[title], reach, top, audio) for title, audio in audios.items()]


def _measure(audio: Audio) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Lowest and highest sample per column `(2, columns)`, and the spectrum per column in dB `(bins, columns)`."""
    edges = np.linspace(0, audio.samples, COLUMNS + 1).astype(int)
    window = hann(max(16, round(WINDOW * audio.rate))).astype(np.float32)
    envelope, spectra = np.zeros((2, COLUMNS), np.float32), []
    for number, (start, stop) in enumerate(pairwise(edges)):
        samples = audio.read(start, max(stop, start + len(window)))[:, 0]
        own = samples[: max(1, stop - start)]
        envelope[:, number] = own.min(), own.max()
        spectra.append(np.abs(np.fft.rfft(samples[: len(window)] * window)) / window.sum())
    return envelope, 20 * np.log10(np.stack(spectra, axis=1) + 1e-10)


def _picture(
    title: str,
    envelope: npt.NDArray[np.float32],
    spectra: npt.NDArray[np.float32],
    reach: float,
    top: float,
    audio: Audio,
) -> Picture:
    seconds = audio.samples / audio.rate
    figure, (wave, spectrum) = pyplot.subplots(
        2, 1, figsize=(5.6, 3.8), dpi=160, sharex=True, height_ratios=(1, 2.2), layout="constrained"
    )
    wave.fill_between(np.linspace(0, seconds, COLUMNS), *envelope, linewidth=0.3, edgecolor="C0")
    wave.set_title(title, loc="left")
    wave.set(ylim=(-reach, reach), ylabel="level")
    image = spectrum.imshow(
        spectra,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=top - RANGE_DB,
        vmax=top,
        extent=(0, seconds, 0, audio.rate / 2000),
    )
    spectrum.set(xlabel="time (s)", ylabel="frequency (kHz)")
    figure.colorbar(image, ax=spectrum, label="level (dB)", pad=0.01)
    figure.canvas.draw()
    picture = np.asarray(figure.canvas.buffer_rgba()).copy()  # type: ignore[attr-defined]
    pyplot.close(figure)
    return picture
