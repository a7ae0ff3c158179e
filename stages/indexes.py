"""indexes: write tables of the patches for training and validation."""

from pathlib import Path

from cunet.cli.running import run_stage
from cunet.files import new_folder
from cunet.params import load_params
from cunet.preprocess.indexes import TRAINING, VALIDATION
from cunet.preprocess.patches import build_indexes
from cunet.preprocess.validation import validation_tracks


def main(spectrograms: Path, out: Path) -> None:
    """Write both index tables of the training tracks' spectrograms to `out`."""
    params = load_params()
    official = tuple(name for dataset in params.datasets for name in validation_tracks(dataset))
    training, validation = build_indexes(spectrograms, params.patch, params.validation, official)
    with new_folder(out) as folder:
        training.to_csv(folder / TRAINING, index=False)
        validation.to_csv(folder / VALIDATION, index=False)
    for name, index in (("training", training), ("validation", validation)):
        print(f"{name}: {len(index)} patches of {index['track'].nunique()} tracks")


if __name__ == "__main__":
    run_stage(main)
