"""Analyses a trained Conditioned-U-Net, and writes what it finds as tables."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from cunet import cluster
from cunet.conditions.naming import Conditions
from cunet.conditions.path import ends, path
from cunet.evaluation.evaluate import memory_of_a_track
from cunet.interpret.estimates import PathEstimator
from cunet.interpret.modulation import conditioned_network, modulations
from cunet.interpret.scoring import aggregate, estimates_of_a_track, score_against_all
from cunet.interpret.tables import MODULATION, NEUTRAL, NEUTRAL_SDR, PATH_MODULATION, PATH_SDR, shown_conditions
from cunet.masking.masks import Mask
from cunet.masking.separator import Separator
from cunet.names import MIXTURE
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.settings.cluster import Dask
from cunet.settings.preprocess import Spectrogram
from cunet.settings.scoring import Evaluate, Interpret
from cunet.tracks.track import Track


def interpret(
    separator: Separator,
    tracks: Sequence[Track],
    spectrograms: Path,
    spectrogram: Spectrogram,
    evaluation: Evaluate,
    settings: Interpret,
    dask: Dask,
    out: Path,
) -> None:
    """Write what the control network of an architecture does to the folder `out`.

    `modulation.csv` holds its gammas and betas, `path_modulation.csv` those of the path between two instruments;
    `path.csv` scores the estimates on the path against every instrument; `neutral.csv`, written last, scores the
    mixture, the output with neutral gammas and betas, and the estimate of each instrument.

    Raises:
        UserError: the path names an unknown instrument.
    """
    architecture = separator.architecture
    steps = path(architecture.instruments, *ends(architecture.instruments, settings), settings.steps)
    network = conditioned_network(separator)
    for conditions, name in ((shown_conditions(architecture), MODULATION), (steps, PATH_MODULATION)):
        table = modulations(architecture, network, conditions)
        table.to_csv(out / name, index=False, float_format="%.6f")
    estimate, chosen = PathEstimator(separator), tracks[: settings.tracks]
    estimates = estimates_of_a_track(architecture.instruments, settings)
    memory = memory_of_a_track(tracks, spectrograms, spectrogram, evaluation, estimates)
    with cluster.connect(dask, memory, processes=False) as client:

        def arguments(track: Track) -> tuple[Track, dict[str, Mask], Conditions, Spectrogram, Evaluate]:
            masks = estimate(TrackSpectrograms(spectrograms / f"{track.name}.h5"), steps)
            return track, client.scatter([masks], hash=False)[0], steps, spectrogram, evaluation

        jobs = cluster.for_each(client, score_against_all, chosen, arguments, "interpretation: scores")
        tables = {track.name: table for track, table in jobs}
    scores = aggregate([tables[track.name] for track in chosen], evaluation)
    on_path = scores["estimate"].isin(steps)
    scores[on_path].to_csv(out / PATH_SDR, index=False, float_format="%.4f")
    _write_neutral(scores[~on_path], architecture.instruments, out)


def _write_neutral(scores: pd.DataFrame, instruments: Sequence[str], out: Path) -> None:
    """SDR against every instrument: a row per estimate."""
    wide = scores.pivot(index="estimate", columns="target", values="SDR")
    wide = wide.reindex([MIXTURE, NEUTRAL, *instruments], columns=list(instruments))
    wide.to_csv(out / NEUTRAL_SDR, float_format="%.4f")
