"""evaluate: separate the test tracks with a trained architecture, and score the estimates."""

from functools import partial
from pathlib import Path

from cunet.cli.running import run_stage
from cunet.conditions.naming import by_name
from cunet.conditions.tables import read_conditions
from cunet.evaluation.evaluate import evaluate
from cunet.files import identity, resumable_folder
from cunet.masking.separator import Separator
from cunet.params import load_params
from cunet.startup import uncollected
from cunet.store import fingerprint
from cunet.tracking.note import forget_training
from cunet.tracking.optional import optional
from cunet.tracking.results import log_scores
from cunet.tracks.reading import read_tracks


def main(model: Path, audio: Path, spectrograms: Path, conditions: Path, out: Path) -> None:
    """Score the architecture in the folder `model` and write the results to `out`."""
    params = load_params()
    with uncollected():  # importing Keras takes seconds
        separator = Separator(model, params.evaluate.overlap)
    name = separator.architecture.name
    forget_training(name, fingerprint(model))
    tracks, scored = read_tracks(audio), by_name(read_conditions(conditions))
    settings = params.spectrogram, params.evaluate
    get_masks = partial(separator.masks, consistency=params.evaluate.consistency)
    made_of = identity("evaluate", name, *settings, inputs=[audio, spectrograms, conditions, model])
    with resumable_folder(out, made_of) as folder:
        evaluate(name, get_masks, scored, tracks, spectrograms, *settings, params.dask, folder)
        with optional():
            log_scores(folder, model, separator.seconds_per_minute)


if __name__ == "__main__":
    run_stage(main)
