"""Plots of the spectrograms of examples."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from cunet.report.figures import save
from cunet.settings.spectrogram import Spectrogram
from cunet.signals.arrays import Mono
from cunet.signals.stft import stft

RANGE_DB = 80


def draw_spectrograms(
    columns: dict[str, dict[str, Mono]], targets: Sequence[str], settings: Spectrogram, title: str, path: Path
) -> None:
    """Plot log-magnitude spectrograms on one colour scale: one row per target, one column per label of `columns`."""
    spectrograms = {
        (target, label): np.abs(stft(waveforms[target], settings))
        for label, waveforms in columns.items()
        for target in targets
    }
    top = 20 * np.log10(max(magnitude.max() for magnitude in spectrograms.values()) + 1e-12)
    figure, grid, scale = _grid(len(targets), len(columns))
    for row, target in zip(grid, targets, strict=True):
        for axes, label in zip(row, columns, strict=True):
            image = _draw(axes, spectrograms[target, label], top, settings)
    for axes, label in zip(grid[0], columns, strict=True):
        axes.set_title(label, fontsize=10)
    for axes, target in zip(grid[:, 0], targets, strict=True):
        axes.set_ylabel(f"{target}\nfrequency (kHz)")
    for axes in grid[-1]:
        axes.set_xlabel("time (s)")
    figure.colorbar(image, cax=scale, label="level (dB)")
    figure.suptitle(title, y=1 - 0.1 / figure.get_figheight())
    save(figure, path)


def _grid(rows: int, columns: int) -> tuple[Figure, np.ndarray, Axes]:
    """A figure, its axes `(rows, columns)`, and the axes of the colour scale to their right.

    Positions are computed here, in inches: with this many axes, matplotlib's layout engines are slow.
    """
    left, right, top, bottom, scale = 0.8, 1.05, 0.65, 0.5, 0.15
    width, height = 2.4 * columns + left + right, 1.8 * rows + top + bottom
    figure, grid = pyplot.subplots(rows, columns, figsize=(width, height), sharex=True, sharey=True, squeeze=False)
    low, high = bottom / height, 1 - top / height
    figure.subplots_adjust(left / width, low, 1 - right / width, high, wspace=0.06, hspace=0.08)
    return figure, grid, figure.add_axes((1 - (right - scale) / width, low, scale / width, high - low))


def _draw(axes: Axes, magnitude: np.ndarray, top: float, settings: Spectrogram) -> AxesImage:
    rate = settings.sample_rate
    return axes.imshow(
        20 * np.log10(magnitude + 1e-12),
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=top - RANGE_DB,
        vmax=top,
        extent=(0, magnitude.shape[1] * settings.hop / rate, 0, rate / 2000),
    )
