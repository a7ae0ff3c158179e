"""train: fit the networks of an architecture, or continue where a kill left them."""

import shutil
import sys
from pathlib import Path

from cunet.cli import run
from cunet.params import load_params
from cunet.tracking import TrainingRun
from cunet.train.fit import Trainer, describe, provenance


def main(name: str, spectrograms: Path, indexes: Path, out: Path) -> None:
    """Train the architecture called `name` and write it to `out`."""
    params = load_params()
    architecture = describe(params, name, indexes)
    described = provenance(params, architecture, spectrograms, indexes)
    checkpoints = Path("checkpoints") / name
    tracked = TrainingRun(name, checkpoints)
    trainer = Trainer(architecture, params.train, described, spectrograms, indexes, checkpoints, tracked.on_epoch)
    with tracked.open(described, trainer.continues):
        trainer.train(out)
        tracked.finish(out)
    shutil.rmtree(checkpoints)  # last: a kill before would cost the whole training


if __name__ == "__main__":
    name, *paths = sys.argv[1:]
    run(lambda: main(name, *map(Path, paths)))
