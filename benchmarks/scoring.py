"""BSS Eval of `cunet.bsseval` compared with museval: speed, peak memory and agreement.

python -m benchmarks.scoring [--short]

Each side of a case runs in its own process, in turn, so that peak memory is measured separately. The final line
reports the case of 30 s of four stereo sources; the others are extra keys.
"""

import argparse
import sys
import tempfile
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.measure import Side, conclude, own_peak, run_process, seconds, table
from cunet.cli.running import run

SOURCES = 4


class Case(NamedTuple):
    name: str
    version: str
    duration: int  # s
    channels: int
    rate: int  # Hz
    runs: int


CASES = [
    Case("mono_v4", "v4", 240, 1, 8192, 2),
    Case("mono_v3", "v3", 240, 1, 8192, 2),
    Case("stereo_30s", "v4", 30, 2, 44100, 1),
    Case("stereo_240s", "v4", 240, 2, 44100, 1),
]
LONG = "stereo_240s"
MAIN = "stereo_30s"


def signals(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """References of differently coloured noise, and estimates with interference and artifacts, float32."""
    generator = np.random.default_rng(0)
    shape = (SOURCES, case.duration * case.rate, case.channels)
    references, estimates = np.empty(shape, np.float32), np.empty(shape, np.float32)
    for number, reference in enumerate(references):
        reference[:] = 0.1 * generator.standard_normal(shape[1:], np.float32)
        reference[1:] += np.float32(0.2 * number) * reference[:-1]
    for number, estimate in enumerate(estimates):
        estimate[:] = 0.03 * generator.standard_normal(shape[1:], np.float32)
        estimate += references[number] + np.float32(0.1) * references[number - 1]
    return references, estimates


def score(side: str, case: Case, out: Path) -> None:
    """Run one side of a case; write its scores, seconds of every run, and peak memory to a file."""
    references, estimates = signals(case)
    arguments = (references, estimates)
    if side == "museval":
        warnings.simplefilter("ignore")
        from museval.metrics import bss_eval, bss_eval_sources

        def work() -> np.ndarray:
            if case.version == "v4":
                return np.array(bss_eval(*arguments, window=case.rate, hop=case.rate)[:4])
            sdr, sir, sar, _ = bss_eval_sources(*arguments, compute_permutation=False)
            return np.array([sdr, np.full_like(sdr, np.nan), sir, sar])
    else:
        from cunet.bsseval import bss_eval_v3, bss_eval_v4

        def work() -> np.ndarray:
            if case.version == "v4":
                return np.array(bss_eval_v4(*arguments, window=case.rate, hop=case.rate))
            return np.array(bss_eval_v3(*arguments))

    scores: list[np.ndarray] = []
    if case.runs > 1:
        work()
    times = [seconds(lambda: scores.append(work())) for _ in range(case.runs)]
    np.savez(out, times=times, scores=scores[-1], memory=own_peak())


def compare(case: Case, folder: Path) -> dict[str, float]:
    """Run both sides of a case in turn, and return its figures."""
    found: dict[str, list[dict[str, np.ndarray]]] = {"cunet.bsseval": [], "museval": []}
    for _ in range(1 if case.duration > 30 and case.channels == 2 else 2):
        for side, runs in found.items():
            out = folder / "side.npz"
            run_process(sys.executable, "-m", "benchmarks.scoring", "--side", side, "--case", case.name, "--out", out)
            with np.load(out) as values:
                runs.append(dict(values))
    sides = [
        Side(name, [float(t) for run in runs for t in run["times"]], max(float(run["memory"]) for run in runs))
        for name, runs in found.items()
    ]
    ours, peer = sides
    difference = float(np.nanmax(np.abs(found["museval"][0]["scores"] - found["cunet.bsseval"][0]["scores"])))
    print(f"\n{case.name}: {case.duration} s, {case.channels} channel(s) at {case.rate} Hz, BSS Eval {case.version}")
    table(sides, "s")
    print(f"largest difference of a score: {difference:.1e} dB; memory: 1/{peer.memory / ours.memory:.1f}")
    return {
        "ours": ours.median,
        "peer": peer.median,
        "ratio": peer.median / ours.median,
        "memory_ratio": peer.memory / ours.memory,
        "difference_db": difference,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="BSS Eval compared with museval")
    parser.add_argument("--short", action="store_true", help="skip the case of 240 s of stereo")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    parser.add_argument("--case", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    cases = {case.name: case for case in CASES if not (options.short and case.name == LONG)}
    if options.side:
        score(options.side, cases[options.case], options.out)
        return
    try:
        import museval  # noqa: F401
    except ImportError:
        sys.exit("museval is not installed. Run python -m pip install museval.")
    with tempfile.TemporaryDirectory() as folder:
        figures = {name: compare(case, Path(folder)) for name, case in cases.items()}
    others = {name: {key: float(f"{value:.3g}") for key, value in values.items()} for name, values in figures.items()}
    conclude("scoring", figures[MAIN]["ours"], figures[MAIN]["peer"], figures[MAIN]["ratio"], cases=others)


if __name__ == "__main__":
    run(main)
