"""Looks inside a trained Conditioned-U-Net, and writes what it finds as tables, pictures and sound."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
import pandas as pd

from cunet import cluster
from cunet.conditions.naming import Conditions, by_name, condition_group
from cunet.conditions.path import ends, path
from cunet.conditions.tables import single_conditions
from cunet.evaluation.examples import SUFFIX, excerpt, write_sound
from cunet.evaluation.pictures import draw_spectrograms
from cunet.interpret import pictures
from cunet.interpret.glide import glide
from cunet.interpret.modulation import KINDS, modulations, neutral
from cunet.interpret.scoring import score_against_all, summarise
from cunet.masking.masks import Mask
from cunet.masking.separator import Separator
from cunet.names import MIXTURE
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.settings.scoring import Evaluate, Interpret
from cunet.settings.training import Spectrogram
from cunet.tracks.track import Track

if TYPE_CHECKING:
    from distributed import Client

NEUTRAL, PATH = "neutral", "path"
EXAMPLES, SOUND = "examples", "sound"
SCORES = "neutral.csv"  # written last
Masks = dict[str, Mask]


def interpret(
    separator: Separator,
    tracks: Sequence[Track],
    spectrograms: Path,
    spectrogram: Spectrogram,
    evaluation: Evaluate,
    settings: Interpret,
    client: "Client",
    out: Path,
) -> None:
    """Write what the control network of an architecture does to the folder `out`.

    `modulation.csv`, `gamma.png` and `beta.png` hold its gammas and betas, `projection.png` the conditions in their
    space. `path.csv` and `path.png` score the estimates between two instruments against every instrument;
    `neutral.csv` scores the mixture, the output with neutral gammas and betas, and what each instrument alone gives.
    Excerpts of the example tracks are in `sound/<track>/` and `examples/<track>.png`.

    Raises:
        UserError: the path names an instrument that there is not.
    """
    instruments = separator.architecture.instruments
    start, end = ends(instruments, settings)
    steps = path(instruments, start, end, settings.steps)
    _write_modulations(separator, steps, out)
    chosen = tracks[: settings.tracks]
    alone = neutral(separator.architecture, separator.networks[separator.architecture.name])

    def arguments(track: Track) -> tuple[Track, Masks, Conditions, Spectrogram, Evaluate]:
        file = TrackSpectrograms(spectrograms / f"{track.name}.h5")
        masks = _estimates(separator, alone, file, steps)
        if track in tracks[: evaluation.example_tracks]:
            _write_example(file, masks, list(steps), spectrogram, evaluation.example_seconds, out)
        return track, client.scatter([masks], hash=False)[0], steps, spectrogram, evaluation

    jobs = cluster.for_each(client, score_against_all, chosen, arguments, "control: scores")
    tables = {track.name: table for track, table in jobs}
    scores = summarise([tables[track.name] for track in chosen], evaluation)
    on_path = scores[scores["estimate"].isin(steps)]
    on_path.to_csv(out / "path.csv", index=False, float_format="%.4f")
    pictures.draw_path(on_path, start, end, len(chosen), out / "path.png")
    _write_table(scores[~scores["estimate"].isin(steps)], instruments, out)


def _write_modulations(separator: Separator, steps: Conditions, out: Path) -> None:
    """Gammas and betas of the conditions that the network was trained on, of all, and of none."""
    architecture = separator.architecture
    trained = by_name(pd.DataFrame(architecture.conditions, columns=list(architecture.instruments)))
    shown = trained | by_name(pd.DataFrame([dict.fromkeys(architecture.instruments, weight) for weight in (1.0, 0.0)]))
    network = separator.networks[architecture.name]
    table = modulations(architecture, network, shown)
    table.to_csv(out / "modulation.csv", index=False, float_format="%.6f")
    for kind in KINDS:
        pictures.draw_modulations(table, kind, out / f"{kind}.png")
    groups = {name: condition_group(condition) for name, condition in shown.items()}
    both = pd.concat([table, modulations(architecture, network, steps)])
    pictures.draw_projection(both, groups, list(steps), out / "projection.png")


def _estimates(separator: Separator, alone: keras.Model, track: TrackSpectrograms, steps: Conditions) -> Masks:
    """Masks of every step of the path, of every instrument, of the mixture, and of the U-Net left alone."""
    instruments = separator.architecture.instruments
    neutral = separator.mask(alone, track.mixture(), track.peak, dict.fromkeys(instruments, 0.0))
    told = separator.masks(track, by_name(single_conditions(instruments)) | steps)
    return {**told, NEUTRAL: neutral, MIXTURE: np.ones_like(neutral)}


def _write_example(
    track: TrackSpectrograms, masks: Masks, steps: list[str], settings: Spectrogram, seconds: float, out: Path
) -> None:
    pictures, sound = out / EXAMPLES, out / SOUND / track.name
    for folder in (pictures, sound):
        folder.mkdir(parents=True, exist_ok=True)
    waveforms = {name: excerpt(track, mask, settings, seconds) for name, mask in masks.items()}
    waveforms[PATH] = excerpt(track, glide([masks[step] for step in steps], seconds, settings), settings, seconds)
    for name, waveform in waveforms.items():
        label = f"{PATH} {name}" if name in steps else name
        write_sound(waveform, settings.sample_rate, sound / f"{label}{SUFFIX}")
    columns = {name: {track.name: waveforms[name]} for name in (MIXTURE, NEUTRAL, *track.instruments, PATH)}
    draw_spectrograms(columns, [track.name], settings, "", pictures / f"{track.name}.png")


def _write_table(scores: pd.DataFrame, instruments: Sequence[str], out: Path) -> None:
    """SDR against every instrument: a row an estimate."""
    wide = scores.pivot(index="estimate", columns="target", values="SDR")
    wide = wide.reindex([MIXTURE, NEUTRAL, *instruments], columns=list(instruments))
    wide.to_csv(out / SCORES, float_format="%.4f")
