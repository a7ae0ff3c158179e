"""compare: the report on everything that params.yaml names."""

import sys
from pathlib import Path

from cunet.cli import run
from cunet.evaluation.oracles import BOUNDS
from cunet.files import new_folder
from cunet.layout import folders
from cunet.params import load_params
from cunet.report.compare import compare
from cunet.report.listen import PAGE
from cunet.tracking.artifacts import log_page


def main(models: Path, results: Path, conditions: Path, spectrograms: Path, out: Path) -> None:
    """Compare the architectures and bounds in `results` and write the report to `out`."""
    params = load_params()
    places = folders(params.architecture, params.baselines)
    lower, upper = ({name: [results / "bounds" / name]} for name in BOUNDS)

    def by_seed(root: Path) -> dict[str, list[Path]]:
        return {name: [root / path / str(seed) for seed in params.seeds] for name, path in places.items()}

    with new_folder(out) as folder:
        compare(
            lower | by_seed(results) | upper,
            by_seed(models),
            params,
            conditions,
            spectrograms,
            results / "control",
            folder,
        )
    log_page(out / PAGE, [folder for folders in by_seed(models).values() for folder in folders])
    print((out / "sdr.md").read_text())


if __name__ == "__main__":
    run(lambda: main(*map(Path, sys.argv[1:])))
