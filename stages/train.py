"""train: train the networks of an architecture with one seed, or resume a killed training.

The checkpoints stay until `evaluate` reads the model, which DVC has then: a kill before does not lose the training.
"""

from pathlib import Path

from cunet.cli.running import run_stage
from cunet.conditions.tables import read_conditions
from cunet.layout import checkpoints_of
from cunet.params import load_params
from cunet.startup import uncollected
from cunet.tracking.training import TrainingRun

with uncollected():
    from cunet.train.fit import Trainer, describe, provenance


def main(name: str, seed: int, spectrograms: Path, indexes: Path, conditions: Path, out: Path) -> None:
    """Train the architecture called `name` on a table of conditions and write it to `out`."""
    params = load_params()
    architecture = describe(params, name, read_conditions(conditions))
    described = provenance(params, architecture, seed, spectrograms, indexes)
    checkpoints = checkpoints_of(architecture.name, seed)
    tracked = TrainingRun(architecture.name, seed, checkpoints)
    trainer = Trainer(architecture, params.train, seed, described, spectrograms, indexes, checkpoints, tracked.on_epoch)
    with tracked.open(described, trainer.identity, trainer.histories):
        tracked.finish(out, trainer.train(out))


if __name__ == "__main__":
    run_stage(main)
