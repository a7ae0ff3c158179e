"""Where the pipeline keeps data, models and results, as in `dvc.yaml`."""

from collections.abc import Sequence
from pathlib import Path

from cunet.errors import UserError

SPECTROGRAMS = Path("data/spectrograms")
CHECKPOINTS = Path("checkpoints")
MODELS, RESULTS, REPORTS = Path("models"), Path("results"), Path("reports")
STUDIED, BASELINES, BOUNDS = Path("cunet"), Path("baselines"), Path("bounds")  # in models and results
INTERPRETATION, EXAMPLES = Path("interpretation"), Path("examples")  # in results


def folders(architecture: str, baselines: Sequence[str]) -> dict[str, Path]:
    """The folder of each architecture below `models` and `results`, with a folder per seed in it.

    The studied one always has the same folder, so that experiments can be compared.

    Examples:
        >>> [path.as_posix() for path in folders("complex-dense", ["unet"]).values()]
        ['baselines/unet', 'cunet']
    """
    return {name: BASELINES / name for name in baselines} | {architecture: STUDIED}


def checkpoints_of(architecture: str, seed: int) -> Path:
    """The folder for the checkpoints of a training."""
    return CHECKPOINTS / architecture / str(seed)


def check_architecture(folder: Path, found: str, expected: str) -> None:
    """Check that a folder of `models` or `results` belongs to the expected architecture.

    Raises:
        UserError: it belongs to another, as after `dvc commit` of a stage whose command has changed.
    """
    if found != expected:
        raise UserError(f"{folder}: belongs to {found}, not {expected}. Train it again with dvc repro -f <stage>.")


def scored() -> list[Path]:
    """Folders below `results` of all scored architectures, seeds and bounds."""
    patterns = (STUDIED / "*", BASELINES / "*" / "*", BOUNDS / "*")
    found = [path for pattern in patterns for path in sorted(RESULTS.glob(str(pattern)))]
    return [path.relative_to(RESULTS) for path in found if path.is_dir() and path.suffix != ".part"]


def results_of(model: Path) -> Path | None:
    """The results that the pipeline keeps for a model: `results/cunet/0` for `models/cunet/0`; None elsewhere."""
    parts = list(model.resolve().parts)
    if MODELS.name not in parts:
        return None
    place = len(parts) - 1 - parts[::-1].index(MODELS.name)
    return Path(*parts[:place]) / RESULTS / Path(*parts[place + 1 :])
