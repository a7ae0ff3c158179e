"""Writes the report: tables, page, plots, and examples of all architectures and bounds."""

import shutil
from pathlib import Path

import pandas as pd

from cunet.comparison.comparison import Comparison
from cunet.conditions.naming import SINGLE, Conditions, condition_group
from cunet.conditions.path import ends
from cunet.examples.excerpts import FLAC, PATH_SOUND, REFERENCE, SOUND, read_sound
from cunet.interpret.tables import (
    MODULATION,
    NEUTRAL,
    PATH,
    PATH_MODULATION,
    read_modulation,
    read_neutral_sdr,
    read_path_sdr,
)
from cunet.names import MIXTURE
from cunet.registry.sections import SECTIONS
from cunet.report.document import write_markdown, write_page
from cunet.report.interpretation_plots import draw_modulations, draw_path, draw_projection
from cunet.report.listen import write_listening_page
from cunet.report.sdr_plot import draw_sdr
from cunet.report.sections import INTERPRETATION, SPECTROGRAMS, TRAINING
from cunet.report.spectrogram_plot import draw_spectrograms
from cunet.report.training_plot import draw_training
from cunet.settings.spectrogram import Spectrogram

EXAMPLES = "examples"  # plots of example tracks in an interpretation


def write_report(
    comparison: Comparison,
    conditions: Conditions,
    shown: Conditions,
    interpretation: Path,
    examples: Path,
    out: Path,
) -> None:
    """Write the report to the folder `out`.

    Args:
        comparison: the tables.
        conditions: scored conditions.
        shown: conditions whose gammas and betas are shown.
        interpretation: folder of the interpret stage.
        examples: folder of the examples stage.
        out: folder for index.html, listen.html, sdr.md, the tables of `Comparison.write`, sdr.png, training.png,
            interpretation/, spectrograms/ and sound/.
    """
    params = comparison.params
    comparison.write(out)
    draw_sdr(comparison.scores, comparison.measured, params.compare.confidence, out / "sdr.png")
    draw_training(comparison.training, out / TRAINING)
    shutil.copytree(interpretation, out / INTERPRETATION)
    _draw_interpretation(comparison, shown, out / INTERPRETATION)
    _show_path(examples / PATH_SOUND, params.spectrogram, out / INTERPRETATION)
    _copy(examples / SOUND, out / SOUND)
    order = list(comparison.scores["architecture"].unique())
    _draw_examples(out / SOUND, order, conditions, params.spectrogram, out / SPECTROGRAMS)
    title = f"Conditioned-U-Net: {params.architecture}"
    of_first = comparison.by_seed[comparison.by_seed["seed"] == params.seeds[0]]
    rate = params.spectrogram.sample_rate
    write_listening_page(out / SOUND, of_first, conditions, f"{title}, listening page", rate, out)
    document = [section for write in SECTIONS.values() for section in write(comparison, out)]
    write_markdown(document, out / "sdr.md")
    write_page(title, document, out / "index.html")


def _draw_interpretation(comparison: Comparison, shown: Conditions, folder: Path) -> None:
    """Draw `gamma.png`, `beta.png`, `projection.png` and `path.png` from the tables in the folder."""
    table, on_path = (read_modulation(folder / name) for name in (MODULATION, PATH_MODULATION))
    for kind in table["kind"].unique():
        draw_modulations(table, kind, folder / f"{kind}.png")
    if len(table):
        groups = {name: condition_group(condition) for name, condition in shown.items()}
        steps = list(on_path["condition"].unique())
        draw_projection(pd.concat([table, on_path]), groups, steps, folder / "projection.png")
    settings, instruments = comparison.params.interpret, list(read_neutral_sdr(folder).columns)
    tracks = min(settings.tracks, comparison.scores["track"].nunique())
    draw_path(read_path_sdr(folder), *ends(instruments, settings), tracks, folder / "path.png")


def _show_path(sound: Path, settings: Spectrogram, out: Path) -> None:
    """Copy the audio of the path and plot each track: mixture, the U-Net alone, the instruments, and the path."""
    _copy(sound, out / SOUND)
    (out / EXAMPLES).mkdir()
    instruments = read_neutral_sdr(out).columns
    for track in sorted(path.name for path in (out / SOUND).iterdir()):
        files = {name: out / SOUND / track / f"{name}{FLAC}" for name in (MIXTURE, NEUTRAL, *instruments, PATH)}
        columns = {name: {track: read_sound(file)} for name, file in files.items() if file.exists()}
        draw_spectrograms(columns, [track], settings, "", out / EXAMPLES / f"{track}.png")


def _draw_examples(
    sound: Path, architectures: list[str], conditions: Conditions, settings: Spectrogram, out: Path
) -> None:
    """Plot each track: one row per single instrument, one column per architecture."""
    out.mkdir()
    names = list(dict.fromkeys([MIXTURE, REFERENCE, *architectures]))
    targets = [name for name, condition in conditions.items() if condition_group(condition) == SINGLE]
    for track in sorted(path.name for path in sound.iterdir()):
        columns = {
            name: {target: read_sound(sound / track / target / f"{name}{FLAC}") for target in targets} for name in names
        }
        draw_spectrograms(columns, targets, settings, track, out / f"{track}.png")


def _copy(folder: Path, out: Path) -> None:
    """Copy a folder, or create an empty one if there are no examples."""
    if folder.is_dir():
        shutil.copytree(folder, out)
    else:
        out.mkdir(parents=True)
