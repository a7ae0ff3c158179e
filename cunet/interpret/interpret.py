"""Analysis of a trained Conditioned-U-Net, as tables."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from cunet import cluster
from cunet.conditions.naming import Conditions
from cunet.conditions.path import ends, path
from cunet.evaluation.evaluate import memory_of_a_track
from cunet.interpret.masks import PathMasks
from cunet.interpret.modulation import conditioned_network, modulations
from cunet.interpret.scoring import aggregate, estimates_of_a_track, score_against_all
from cunet.interpret.tables import MODULATION, NEUTRAL, NEUTRAL_SDR, PATH_MODULATION, PATH_SDR, shown_conditions
from cunet.masking.masks import Mask
from cunet.masking.separator import Separator
from cunet.names import MIXTURE
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.settings.cluster import Dask
from cunet.settings.evaluation import Evaluate
from cunet.settings.interpretation import Interpret
from cunet.settings.spectrogram import Spectrogram
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
    """Analyse the control network of an architecture, and write tables to the folder `out`.

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
    get_masks, chosen = PathMasks(separator), tracks[: settings.tracks]
    estimates = estimates_of_a_track(architecture.instruments, settings)
    memory = memory_of_a_track(tracks, spectrograms, spectrogram, evaluation, estimates)
    with cluster.connect(dask, memory, processes=False) as client:

        def arguments(track: Track) -> tuple[Track, dict[str, Mask], Conditions, Spectrogram, Evaluate]:
            masks = get_masks(TrackSpectrograms(spectrograms / f"{track.name}.h5"), steps)
            return track, client.scatter([masks], hash=False)[0], steps, spectrogram, evaluation

        jobs = cluster.for_each(client, score_against_all, chosen, arguments, "interpretation: scores")
        tables = {track.name: table for track, table in jobs}
    scores = aggregate([tables[track.name] for track in chosen], evaluation)
    on_path = scores["estimate"].isin(steps)
    scores[on_path].to_csv(out / PATH_SDR, index=False, float_format="%.4f")
    _write_neutral(scores[~on_path], architecture.instruments, out)


def _write_neutral(scores: pd.DataFrame, instruments: Sequence[str], out: Path) -> None:
    """Write the SDR against every instrument: one row per estimate."""
    wide = scores.pivot(index="estimate", columns="target", values="SDR")
    names = [name for name in (MIXTURE, NEUTRAL, *instruments) if name in wide.index]
    wide = wide.reindex(names, columns=list(instruments))
    wide.to_csv(out / NEUTRAL_SDR, float_format="%.4f")
