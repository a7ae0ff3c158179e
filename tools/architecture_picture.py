"""Draws the architecture for the README: `python -m tools.architecture_picture docs/architecture.png`."""

import argparse
from itertools import pairwise
from pathlib import Path
from typing import Any

from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from cunet.params import load_params
from cunet.report.figures import save

UNET, CONTROL, FILM, SOUND = "#3b75af", "#d9822b", "#c23b22", "#5b6770"
SHOWN = ("bass", "drums", "other", "vocals")
ASKED = "vocals"
MIDDLE, FILM_ROW, CONTROL_ROW = 1.45, -1.05, -2.3  # of blocks, FiLM layers, and the control network


def box(axes: Axes, x: float, y: float, width: float, height: float, colour: str, text: str = "") -> None:
    """Draw a rounded box around (x, y), with text inside."""
    shape = FancyBboxPatch(
        (x - width / 2, y - height / 2), width, height, "round,pad=0,rounding_size=0.06", facecolor=colour, linewidth=0
    )
    axes.add_patch(shape)
    axes.text(x, y, text, ha="center", va="center", color="white", fontsize=9)


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
    """Draw a straight arrow."""
    style: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 9, "shrinkA": 0, "shrinkB": 0, "linewidth": 1.1}
    axes.add_patch(FancyArrowPatch(start, end, color=colour, **style))


def draw(layers: int, path: Path) -> None:
    """Draw a U-Net with this number of layers, modulated in its encoder."""
    figure, axes = pyplot.subplots(figsize=(11, 4.6), layout="constrained")
    heights = [2.6 * 0.74**layer for layer in range(layers)]
    encoder = [(1.6 + 0.72 * layer, heights[layer]) for layer in range(layers)]
    last, centre = encoder[-1][0], (encoder[0][0] + encoder[-1][0]) / 2
    decoder = [(last + 0.72 * (step + 1), heights[-2 - step]) for step in range(layers - 1)]
    decoder.append((decoder[-1][0] + 0.95, 2.9))

    box(axes, 0.2, MIDDLE, 1.3, 2.9, SOUND, "mixture:\nmagnitudes")
    row = [(0.62, 0.0), *encoder, *decoder[:-1]]
    for (x, _), (following, _) in pairwise(row):
        arrow(axes, (x + 0.23, MIDDLE), (following - 0.22, MIDDLE), UNET)
    for number, (x, height) in enumerate(encoder):
        box(axes, x, MIDDLE, 0.42, height, UNET)
        box(axes, x, FILM_ROW, 0.6, 0.5, FILM, "FiLM")
        arrow(axes, (x, FILM_ROW + 0.25), (x, MIDDLE - height / 2 - 0.03), FILM)
        arrow(axes, (centre + 0.36 * (number - (layers - 1) / 2), CONTROL_ROW + 0.33), (x, FILM_ROW - 0.27), CONTROL)
    for x, height in decoder[:-1]:
        box(axes, x, MIDDLE, 0.42, height, UNET)
    mask = decoder[-1][0]
    box(axes, mask, MIDDLE, 0.7, 2.9, UNET, "mask")
    arrow(axes, (decoder[-2][0] + 0.23, MIDDLE), (mask - 0.37, MIDDLE), UNET)
    for number in range(layers - 1):
        (start, height), (end, _) = encoder[number], decoder[-2 - number]
        top = MIDDLE + height / 2
        axes.plot([start, start, end, end], [top, top + 0.12, top + 0.12, top], color=UNET, linewidth=0.9, alpha=0.7)

    out = mask + 2.1
    box(axes, out, MIDDLE, 1.3, 2.9, SOUND, f"estimate:\n{ASKED}")
    arrow(axes, (mask + 0.37, MIDDLE), (out - 0.67, MIDDLE), UNET)
    axes.text((mask + out) / 2 - 0.15, MIDDLE + 0.14, "× mixture", ha="center", fontsize=9, color=SOUND)

    box(axes, centre, CONTROL_ROW, 2.6, 0.66, CONTROL, "control network\n(dense or convolutional)")
    condition = "\n".join(f"{name}: {float(name == ASKED):g}" for name in SHOWN)
    box(axes, 0.2, CONTROL_ROW, 1.3, 1.0, SOUND, condition)
    axes.text(0.2, CONTROL_ROW + 0.58, "condition", ha="center", fontsize=9, color=SOUND)
    arrow(axes, (0.87, CONTROL_ROW), (centre - 1.32, CONTROL_ROW), CONTROL)

    axes.text(centre, MIDDLE + 1.62, "encoder", ha="center", fontsize=10, color=UNET)
    axes.text((decoder[0][0] + decoder[-2][0]) / 2, MIDDLE + 1.62, "decoder", ha="center", fontsize=10, color=UNET)
    film = "FiLM: γ · x + β\nsimple: one γ and one β per layer\ncomplex: one γ and one β per feature map"
    axes.text(last + 0.75, FILM_ROW, film, va="center", fontsize=9, color=FILM)
    axes.set(xlim=(-0.5, out + 0.7), ylim=(CONTROL_ROW - 0.55, MIDDLE + 1.9), aspect="equal")
    axes.axis("off")
    save(figure, path)


def main() -> None:
    """Draw the default network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="file of the picture")
    draw(load_params().unet.layers, parser.parse_args().out)


if __name__ == "__main__":
    main()
