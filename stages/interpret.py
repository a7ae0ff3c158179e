"""interpret: what the control of the Conditioned-U-Net under study learned."""

import sys
from pathlib import Path

from cunet import cluster, tracking
from cunet.cli import run
from cunet.datasets.registry import DATASETS
from cunet.evaluation.evaluate import memory_of_a_track
from cunet.evaluation.separation import Separator
from cunet.files import new_folder
from cunet.interpret.interpret import interpret
from cunet.params import load_params


def main(model: Path, audio: Path, spectrograms: Path, out: Path) -> None:
    """Look inside the network in the folder `model`, and write tables, pictures and sound to `out`."""
    params = load_params()
    tracks = DATASETS[params.dataset].tracks(audio)
    memory = memory_of_a_track(tracks, spectrograms, params.spectrogram, params.evaluate)
    separator = Separator(model, params.evaluate.overlap)
    with new_folder(out) as folder, cluster.connect(params.dask, memory) as client:
        interpret(
            separator,
            tracks,
            spectrograms,
            params.spectrogram,
            params.evaluate,
            params.interpret,
            client,
            folder,
        )
    tracking.log_interpretation(out, model)


if __name__ == "__main__":
    run(lambda: main(*map(Path, sys.argv[1:])))
