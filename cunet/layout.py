"""Where architectures lie below `models` and `results`; dvc.yaml says the same."""

from collections.abc import Sequence
from pathlib import Path


def folders(architecture: str, baselines: Sequence[str]) -> dict[str, Path]:
    """The folder of each architecture, with a folder a seed in it.

    The one under study has the same folder whatever its name, so that experiments compare.
    """
    return {name: Path("baselines") / name for name in baselines} | {architecture: Path("cunet")}
