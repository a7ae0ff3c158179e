"""compare: write the report on all architectures in params.yaml."""

from pathlib import Path

from cunet import layout
from cunet.cli.running import run_stage
from cunet.comparison.comparison import compare
from cunet.conditions.naming import by_name
from cunet.conditions.tables import read_conditions
from cunet.evaluation.bounds import BOUNDS
from cunet.files import new_folder
from cunet.interpret.tables import shown_conditions
from cunet.models.architecture import Architecture
from cunet.params import load_params
from cunet.report.report import write_report
from cunet.tracking.optional import optional
from cunet.tracking.report import log_report


def main(models: Path, results: Path, conditions: Path, out: Path) -> None:
    """Compare the architectures and bounds in `results` and write the report to `out`."""
    params = load_params()
    places = layout.folders(params.architecture, params.baselines)
    lower, upper = ({name: [results / layout.BOUNDS / name]} for name in BOUNDS)

    def by_seed(root: Path) -> dict[str, list[Path]]:
        return {name: [root / path / str(seed) for seed in params.seeds] for name, path in places.items()}

    trained = by_seed(models)
    comparison = compare(lower | by_seed(results) | upper, trained, params)
    studied = trained[params.architecture][0]
    shown, scored = shown_conditions(Architecture.load(studied)), by_name(read_conditions(conditions))
    with new_folder(out) as folder:
        write_report(comparison, scored, shown, results / layout.INTERPRETATION, results / layout.EXAMPLES, folder)
    with optional():
        log_report(out, [model for models in trained.values() for model in models], studied)
    print((out / "sdr.md").read_text())


if __name__ == "__main__":
    run_stage(main)
