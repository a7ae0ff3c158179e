"""Overheads of a run: start-up of every stage compared with its libraries alone, `dvc repro`, `cunet --help`.

`python -m benchmarks.overheads [--short]`; `dvc repro` with nothing to do is timed if the pipeline is up to date.
"""

import subprocess
import sys
from pathlib import Path

from benchmarks.measure import Side, conclude, run_process, table

ROOT = Path(__file__).parent.parent
# Libraries that do the work of the stages, and without which they cannot run.
SETTINGS = ["omegaconf", "pydantic"]
DATA = [*SETTINGS, "musdb", "numpy", "requests"]
RUNS = ["mlflow", "pandas"]
SCORES = ["h5py", "matplotlib.pyplot", "scipy.linalg", "scipy.fft", *RUNS]
LIBRARIES = {
    "download": DATA,
    "spectrograms": [*DATA, "h5py"],
    "indexes": [*DATA, "h5py", "pandas"],
    "conditions": [*SETTINGS, "h5py", "pandas"],
    "train": [*SETTINGS, "h5py", "keras", *RUNS],
    "evaluate": [*DATA, *SCORES],
    "interpret": [*DATA, "keras", "seaborn", "sklearn.decomposition", *SCORES],
    "compare": [*SETTINGS, "seaborn", "jinja2", "scipy.stats", "statsmodels.stats.multitest", *SCORES],
}
# Libraries that they import later, after they have read their arguments.
LATER = {
    "download": ["distributed"],
    "spectrograms": ["distributed"],
    "evaluate": ["distributed", "museval", "keras"],
    "interpret": ["distributed"],
}
OTHERS = {
    "import cunet": [sys.executable, "-c", "import cunet"],
    "cunet --help": [sys.executable, "-m", "cunet", "--help"],
}


def main(runs: int) -> None:
    """Time imports and exit of every stage, in turn with those of its libraries alone."""
    stages: dict[str, Side] = {}
    libraries: dict[str, Side] = {}
    for stage, names in LIBRARIES.items():
        later = LATER.get(stage, [])
        imports = f"import {', '.join([*names, *later])}"
        # Import everything, then end like a stage.
        lines = [f"from cunet.cli.running import run; import stages.{stage}", *(f"import {name}" for name in later)]
        if stage == "evaluate":  # for a network; bounds do not need Keras
            lines[-1] = "from cunet.startup import uncollected\nwith uncollected(): import cunet.masking.separator"
        ended = "\n".join([*lines, "run(lambda: None)"])
        stages[stage], libraries[stage] = _in_turn(stage, ended, imports, runs)
    table([side for stage in LIBRARIES for side in (stages[stage], libraries[stage])], "s, imports and exit")
    others = {name: _time(name, command, runs) for name, command in OTHERS.items()}
    if _up_to_date():
        others["dvc repro"] = _time("dvc repro, nothing to do", [sys.executable, "-m", "dvc", "repro"], runs)
    table(list(others.values()), "s")
    ours, peer = (sum(side.median for side in sides.values()) for sides in (stages, libraries))
    beyond = {stage: round(stages[stage].median - libraries[stage].median, 2) for stage in LIBRARIES}
    started = {stage: round(side.median, 2) for stage, side in stages.items()}
    commands = {name: round(side.median, 2) for name, side in others.items()}
    conclude("overheads", ours, peer, peer / ours, stages=started, beyond_libraries=beyond, commands=commands)


def _in_turn(stage: str, ours: str, peer: str, runs: int) -> tuple[Side, Side]:
    figures = [[run_process(sys.executable, "-c", code) for code in (ours, peer)] for _ in range(runs + 1)][1:]
    one, other = zip(*figures, strict=True)
    return _side(f"stages.{stage}", list(one)), _side(f"{stage}: libraries alone", list(other))


def _time(name: str, command: list[str], runs: int) -> Side:
    return _side(name, [run_process(*command) for _ in range(runs + 1)][1:])


def _side(name: str, figures: list[tuple[float, float]]) -> Side:
    return Side(name, [time for time, _ in figures], max(memory for _, memory in figures))


def _up_to_date() -> bool:
    command = [sys.executable, "-m", "dvc", "status", "--quiet"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    main(1 if "--short" in sys.argv[1:] else 5)
