"""The batches and networks of this workspace, as in training."""

import argparse
import sys
from pathlib import Path

from cunet.conditions.sets import build_conditions
from cunet.models.architecture import Architecture
from cunet.params import Params
from cunet.preprocess.indexes import TRAINING, read_index
from cunet.preprocess.spectrogram import TrackSpectrograms, track_files
from cunet.registry.losses import LOSSES
from cunet.train.batches import PatchReader, TrainingBatches
from cunet.train.fit import describe
from cunet.variant import conditions_of

INDEXES, SPECTROGRAMS = Path("data/indexes"), Path("data/spectrograms/train")


def add_changes(parser: argparse.ArgumentParser) -> None:
    """Add `-S name=value`, which changes a parameter as for `dvc exp run`."""
    parser.add_argument(
        "-S",
        dest="changes",
        action="append",
        default=[],
        metavar="name=value",
        help="change of a parameter; repeatable",
    )


def check_indexes() -> None:
    """Check that there are index tables.

    Raises:
        SystemExit: the workspace has no index tables yet.
    """
    if not INDEXES.exists():
        sys.exit(f"{INDEXES}: not found. Run dvc repro indexes first.")


def training(params: Params, name: str) -> tuple[Architecture, TrainingBatches]:
    """An architecture of params.yaml, and the batches of its first network.

    Raises:
        SystemExit: the workspace has no spectrograms yet.
    """
    check_indexes()
    track = TrackSpectrograms(track_files(SPECTROGRAMS)[0])
    conditions = build_conditions(track.instruments, params.condition_sets[conditions_of(name)])
    architecture = describe(params, name, conditions)
    if not architecture.conditioned:
        conditions = conditions[conditions[architecture.networks[0]] == 1]
    complex_targets = LOSSES[params.train.loss].complex_targets
    index, size = read_index(INDEXES / TRAINING), (architecture.bins, architecture.frames)
    reader = PatchReader(index, conditions, SPECTROGRAMS, *size, complex_targets)
    return architecture, TrainingBatches(reader, architecture.conditioned, params.train, seed=0, epoch=0)
