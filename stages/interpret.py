"""interpret: what the control of the Conditioned-U-Net under study learned."""

import sys
from pathlib import Path

from cunet import cluster
from cunet.cli import run
from cunet.evaluation.evaluate import memory_of_a_track
from cunet.files import identity, resumable_folder
from cunet.interpret.scoring import estimates_of_a_track
from cunet.masking.separator import Separator
from cunet.params import load_params
from cunet.startup import uncollected
from cunet.tracking.artifacts import log_interpretation
from cunet.tracks.reading import read_tracks

with uncollected():
    from cunet.interpret.interpret import SCORES, interpret


def main(model: Path, audio: Path, spectrograms: Path, out: Path) -> None:
    """Look inside the network in the folder `model`, and write tables, pictures and sound to `out`."""
    params = load_params()
    tracks = read_tracks(audio)
    estimates = estimates_of_a_track(tracks[0].instruments, params.interpret)
    memory = memory_of_a_track(tracks, spectrograms, params.spectrogram, params.evaluate, estimates)
    settings = params.spectrogram, params.evaluate, params.interpret
    made_of = identity("interpret", *settings, inputs=[model, audio, spectrograms])
    with resumable_folder(out, made_of) as folder:
        if not (folder / SCORES).exists():  # else a kill left nothing to do but log
            with cluster.connect(params.dask, memory, processes=False) as client:
                interpret(
                    Separator(model, params.evaluate.overlap),
                    tracks,
                    spectrograms,
                    params.spectrogram,
                    params.evaluate,
                    params.interpret,
                    client,
                    folder,
                )
        log_interpretation(folder, model)


if __name__ == "__main__":
    run(lambda: main(*map(Path, sys.argv[1:])))
