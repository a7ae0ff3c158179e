"""examples: write audio excerpts of test tracks, separated by every architecture and along the condition's path."""

from functools import partial
from pathlib import Path

from cunet.cli.running import run_stage
from cunet.conditions.naming import by_name
from cunet.conditions.path import ends, path
from cunet.conditions.tables import read_conditions
from cunet.evaluation.bounds import IDEAL_RATIO_MASK, ideal_ratio_mask
from cunet.examples.excerpts import PATH_SOUND, SOUND
from cunet.files import new_folder
from cunet.layout import check_architecture, folders
from cunet.params import load_params
from cunet.preprocess.spectrogram import TrackSpectrograms, track_files
from cunet.startup import uncollected

with uncollected():
    from cunet.examples.writing import write_estimates, write_path, write_truth
    from cunet.interpret.masks import PathMasks
    from cunet.masking.separator import Separator


def main(models: Path, spectrograms: Path, conditions: Path, out: Path) -> None:
    """Separate excerpts of the first test tracks with the networks in `models`, first seed, and write them to `out`."""
    params = load_params()
    settings, seconds, seed = params.spectrogram, params.examples.seconds, str(params.seeds[0])
    tracks = [TrackSpectrograms(file) for file in track_files(spectrograms)[: params.examples.tracks]]
    scored = by_name(read_conditions(conditions))
    with new_folder(out) as folder:
        write_truth(tracks, scored, settings, seconds, folder / SOUND)
        write_estimates(IDEAL_RATIO_MASK, ideal_ratio_mask, tracks, scored, settings, seconds, folder / SOUND)
        for name, place in folders(params.architecture, params.baselines).items():
            separator = Separator(models / place / seed, params.evaluate.overlap)
            get_masks = partial(separator.masks, consistency=params.evaluate.consistency)
            check_architecture(models / place / seed, separator.architecture.name, name)
            write_estimates(name, get_masks, tracks, scored, settings, seconds, folder / SOUND)
            if name == params.architecture:
                instruments = separator.architecture.instruments
                steps = path(instruments, *ends(instruments, params.interpret), params.interpret.steps)
                write_path(PathMasks(separator), tracks, steps, settings, seconds, folder / PATH_SOUND)


if __name__ == "__main__":
    run_stage(main)
