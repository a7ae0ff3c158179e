"""Shared parts of the benchmarks: machine, timings in turn, peak memory, and the final line of JSON."""

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tabulate import tabulate

MATRIX = 2048  # rows and columns of the matrix product that describes a machine's speed
RESIDENT = {"darwin": 1}.get(sys.platform, 1024)  # bytes per unit of the system's record of memory
# A process inherits the recorded peak of its parent: this small process is between the two.
WATCH = """
import json, resource, subprocess, sys, time
begin = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
seconds = time.perf_counter() - begin
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, done.returncode, done.stderr]))
"""


@dataclass(frozen=True)
class Side:
    """One side of a comparison: name, figures of all runs (in one unit), and peak memory in bytes."""

    name: str
    figures: Sequence[float]
    memory: float = float("nan")

    @property
    def median(self) -> float:
        """The median of the figures."""
        return statistics.median(self.figures)


def machine() -> str:
    """The processor, the cores this process may use, and the rate of a float32 matrix product in GFLOP/s."""
    model = platform.processor()
    if (information := Path("/proc/cpuinfo")).exists():
        lines = dict(
            line.split(":", 1) for line in information.read_text().split("\n\n")[0].splitlines() if ":" in line
        )
        values = {name.strip(): value.strip() for name, value in lines.items()}
        model = f"{values['model name']} (family {values['cpu family']}, model {values['model']})"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores} cores, {matmul_rate():.0f} GFLOP/s in a float32 matrix product"


def matmul_rate() -> float:
    """GFLOP/s of NumPy's product of two float32 matrices, the best of five."""
    one, other = np.random.default_rng(0).random((2, MATRIX, MATRIX), np.float32)
    return 2e-9 * MATRIX**3 / min(seconds(lambda: one @ other) for _ in range(5))


def seconds(work: Callable[[], object]) -> float:
    """Wall seconds of a call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turn(works: Sequence[Callable[[], object]], runs: int, warm_up: int = 1) -> list[list[float]]:
    """Wall seconds of several functions, run in turn, A B A B, so that a drift of the machine affects all of them."""
    for _ in range(warm_up):
        for work in works:
            work()
    times = [[seconds(work) for work in works] for _ in range(runs)]
    return [list(column) for column in zip(*times, strict=True)]


def run_process(*command: str | Path, **environment: str) -> tuple[float, float]:
    """Wall seconds and peak resident bytes of a command in its own process, including its child processes.

    Raises:
        SystemExit: the command failed.
    """
    watched = subprocess.run(
        [sys.executable, "-S", "-c", WATCH, *command],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | environment,
    )
    taken, resident, status, errors = json.loads(watched.stdout)
    if status:
        sys.exit(f"{' '.join(map(str, command))} failed\n{errors}")
    return taken, float(resident * RESIDENT)


def own_peak() -> float:
    """Peak resident bytes of this process so far."""
    status = Path("/proc/self/status")  # getrusage would include the parent's peak
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return 1024 * float(line.split()[1])
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RESIDENT)


def table(sides: Sequence[Side], unit: str) -> None:
    """Print the machine and the figures of every side."""
    print(machine())
    rows = [
        (
            side.name,
            *(f"{value:.3g}" for value in (min(side.figures), side.median, max(side.figures))),
            _gb(side.memory),
        )
        for side in sides
    ]
    headers = [unit, "minimum", "median", "maximum", "peak memory, GB"]
    print(tabulate(rows, headers, disable_numparse=True, colalign=("left", *["right"] * 4)))


def conclude(name: str, ours: float, peer: float, ratio: float, **more: object) -> None:
    """Print the final line; a `ratio` above one means that ours is better."""
    figures = {key: float(f"{value:.4g}") for key, value in {"ours": ours, "peer": peer, "ratio": ratio}.items()}
    print(json.dumps({"name": name, **figures, **more}))


def _gb(memory: float) -> str:
    return "–" if np.isnan(memory) else f"{memory / 1e9:.2f}"
