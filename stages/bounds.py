"""bounds: score the lower or upper bound like an architecture."""

from pathlib import Path
from typing import Literal

from cunet.cli.running import run_stage
from cunet.conditions.naming import by_name
from cunet.conditions.tables import read_conditions
from cunet.evaluation.bounds import BOUNDS
from cunet.evaluation.evaluate import evaluate
from cunet.files import identity, resumable_folder
from cunet.params import load_params
from cunet.tracking.optional import optional
from cunet.tracking.results import log_scores
from cunet.tracks.reading import read_tracks


def main(
    bound: Literal["mixture", "ideal-ratio-mask"], audio: Path, spectrograms: Path, conditions: Path, out: Path
) -> None:
    """Score a bound and write the results to `out`."""
    params = load_params()
    tracks, scored = read_tracks(audio), by_name(read_conditions(conditions))
    settings = params.spectrogram, params.evaluate
    made_of = identity("bounds", bound, *settings, inputs=[audio, spectrograms, conditions])
    with resumable_folder(out, made_of) as folder:
        evaluate(bound, BOUNDS[bound], scored, tracks, spectrograms, *settings, params.dask, folder)
        with optional():
            log_scores(folder, None)


if __name__ == "__main__":
    run_stage(main)
