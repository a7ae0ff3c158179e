"""compare: one SDR table, plots, pictures and sound of everything that params.yaml names."""

import sys
from pathlib import Path

from cunet.cli import run
from cunet.files import new_folder
from cunet.params import load_params
from cunet.report.compare import compare


def main(models: Path, results: Path, spectrograms: Path, out: Path) -> None:
    """Compare the architectures and bounds in `results` and write the report to `out`."""
    params = load_params()
    trained = [*(Path("baselines") / name for name in params.baselines), Path("cunet")]
    lower, upper = (results / "bounds" / name for name in ("mixture", "ideal-ratio-mask"))
    with new_folder(out) as folder:
        compare(
            [lower, *(results / name for name in trained), upper],
            [models / name for name in trained],
            params.architecture,
            params.dataset if params.compare.published else None,
            spectrograms,
            params.spectrogram,
            params.evaluate.example_seconds,
            folder,
        )
    print((out / "sdr.md").read_text())


if __name__ == "__main__":
    run(lambda: main(*map(Path, sys.argv[1:])))
