"""evaluate: separate the test tracks with a trained architecture, or with a bound, and score them."""

import argparse
from pathlib import Path

from cunet import cluster, tracking
from cunet.cli import run
from cunet.datasets.registry import DATASETS
from cunet.evaluation.evaluate import Estimator, evaluate, memory_of_a_track
from cunet.evaluation.oracles import BOUNDS
from cunet.files import identity, resumable_folder
from cunet.params import Params, load_params


def main(model: Path | None, bound: str | None, audio: Path, spectrograms: Path, out: Path) -> None:
    """Score the architecture in the folder `model`, or the bound of that name, and write the results to `out`."""
    params = load_params()
    name, estimate = _architecture(model, params) if model else (str(bound), BOUNDS[str(bound)])
    tracks = DATASETS[params.dataset].tracks(audio)
    memory = memory_of_a_track(tracks, spectrograms, params.spectrogram, params.evaluate)
    inputs = [audio, spectrograms, *([model] if model else [])]
    made_of = identity(name, params.dataset, params.spectrogram, params.evaluate, inputs=inputs)
    with resumable_folder(out, made_of) as folder:
        with cluster.connect(params.dask, memory) as client:
            evaluate(name, estimate, tracks, spectrograms, params.spectrogram, params.evaluate, client, folder)
        tracking.log_scores(folder, model)


def _architecture(model: Path, params: Params) -> tuple[str, Estimator]:
    from cunet.evaluation.separation import Separator  # Keras takes seconds to import; bounds do without

    separator = Separator(model, params.evaluate.overlap)
    return separator.architecture.name, separator.masks


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--model", type=Path, help="folder of a trained architecture")
    what.add_argument("--bound", choices=sorted(BOUNDS))
    for path in ("audio", "spectrograms", "out"):
        parser.add_argument(path, type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    run(lambda: main(**vars(_arguments())))
