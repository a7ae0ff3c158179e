"""evaluate: separate the test tracks with a trained architecture, or with a bound, and score them."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from cunet import cluster
from cunet.cli import run
from cunet.conditions.naming import by_name
from cunet.conditions.tables import read_conditions
from cunet.evaluation.evaluate import evaluate, memory_of_a_track
from cunet.evaluation.oracles import BOUNDS
from cunet.files import identity, resumable_folder
from cunet.params import Params, load_params
from cunet.startup import uncollected
from cunet.tracking.results import log_scores
from cunet.tracks.reading import read_tracks

if TYPE_CHECKING:
    from cunet.masking.separator import Separator


def main(model: Path | None, bound: str | None, audio: Path, spectrograms: Path, conditions: Path, out: Path) -> None:
    """Score the architecture in the folder `model`, or the bound of that name, and write the results to `out`."""
    params = load_params()
    separator = _separator(model, params) if model else None
    name = separator.architecture.name if separator else str(bound)
    tracks = read_tracks(audio)
    scored = by_name(read_conditions(conditions))
    memory = memory_of_a_track(tracks, spectrograms, params.spectrogram, params.evaluate, len(scored))
    inputs = [audio, spectrograms, conditions, *([model] if model else [])]
    made_of = identity("evaluate", name, params.spectrogram, params.evaluate, inputs=inputs)
    with resumable_folder(out, made_of) as folder:
        with cluster.connect(params.dask, memory, processes=False) as client:
            evaluate(
                name,
                separator.masks if separator else BOUNDS[name],
                scored,
                tracks,
                spectrograms,
                params.spectrogram,
                params.evaluate,
                client,
                folder,
            )
        log_scores(folder, model, separator.seconds_per_minute if separator else None)


def _separator(model: Path, params: Params) -> "Separator":
    from cunet.masking.separator import Separator

    with uncollected():  # Keras, which takes seconds to import; the bounds do without
        return Separator(model, params.evaluate.overlap)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--model", type=Path, help="folder of a trained architecture")
    what.add_argument("--bound", choices=sorted(BOUNDS))
    for path in ("audio", "spectrograms", "conditions", "out"):
        parser.add_argument(path, type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    run(lambda: main(**vars(_arguments())))
