"""Speed, memory and disk of the stage `spectrograms` on many four-minute tracks, and their growth.

    python -m benchmarks.long_tracks [--layout stems|wav] [--tracks N ...] [--seconds S] [--workers N] [--folder DIR]

Runs the stage as DVC does, on 5, 10 and 20 tracks and back, and monitors its processes. Time and disk should grow
linearly with the number of tracks, and memory not at all: each worker must stay below 2 GB. The tracks are copies of
two distinct ones. --folder keeps them for the next run.

Workers are threads. Memory is the proportional set size (PSS) of the stage with its ffmpeg processes, sampled ten times
per second. Peaks shorter than 0.1 s may be missed, so the kernel's record of the stage's peak resident set size (RSS)
is shown as well.
With W workers, T tracks take T / W turns, rounded up: two workers take as long for five tracks as for six.
"""

import argparse
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import yaml
from tabulate import tabulate

from cunet.cli.running import run
from tests.datasets.musdb_trees import Stems, stems, write_stem_file, write_wav_folder

ROOT = Path(__file__).resolve().parents[1]
DISTINCT = (
    2  # tracks; encoding all would take longer than the benchmark, and copies are read and decoded like originals
)
INTERVAL = 0.1  # seconds between two measurements of memory
BOUND = 2e9  # bytes per worker
GB = 1e9


@dataclass(frozen=True)
class Layout:
    """A layout of the MUSDB18 family: a data set with it, the suffix of tracks, and a function that writes one."""

    dataset: str
    suffix: str
    write: Callable[[Path, Stems], None]


LAYOUTS = {
    "stems": Layout("musdb18", ".stem.mp4", write_stem_file),
    "wav": Layout("musdb18-hq", "", write_wav_folder),
}


@dataclass
class Peaks:
    """Peaks in bytes: RSS of the stage alone, and PSS of the stage with its ffmpeg processes."""

    resident: int = 0
    together: int = 0

    def look(self, stage: psutil.Process) -> None:
        try:
            together = share(stage) + sum(map(share, decoders(stage)))
        except psutil.NoSuchProcess:
            return
        self.resident = max(self.resident, most_resident(stage))
        self.together = max(self.together, together)


def decoders(stage: psutil.Process) -> list[psutil.Process]:
    """Its ffmpeg and ffprobe processes; a child before exec shares the stage's memory, which would count twice."""
    return [child for child in stage.children() if child.name().startswith("ff")]


def share(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0


def most_resident(process: psutil.Process) -> int:
    """Peak RSS by the kernel's record, which is complete."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s*(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


@dataclass(frozen=True)
class Run:
    """One run of the stage: tracks, seconds, memory, and bytes on disk in and out."""

    tracks: int
    audio: float
    seconds: float
    peaks: Peaks
    read: int
    written: int


def make_tracks(folder: Path, layout: Layout, seconds: float, count: int) -> list[Path]:
    """Write tracks to a folder; existing ones are kept."""
    paths = [folder / f"Artist - Track {number:03d}{layout.suffix}" for number in range(1, count + 1)]
    part = folder / f"part{layout.suffix}"
    for index, path in enumerate(paths):
        if path.exists():
            continue
        if index < DISTINCT:
            print(f"writing {path.name}, {seconds:g} s", flush=True)
            layout.write(part, stems(index, seconds))
        else:
            clone(paths[index % DISTINCT], part, shutil.copyfile)
        part.replace(path)
    return paths


def clone(track: Path, target: Path, copy: Callable[[str, str], object]) -> None:
    if track.is_dir():
        shutil.copytree(track, target, copy_function=copy, dirs_exist_ok=True)
    else:
        copy(str(track), str(target))


def choose(tracks: Sequence[Path], audio: Path) -> None:
    """Fill the folder `audio` with exactly these tracks."""
    shutil.rmtree(audio, ignore_errors=True)
    audio.mkdir(parents=True)
    for track in tracks:
        clone(track, audio / track.name, os.link)


def make_workspace(workspace: Path, layout: Layout, workers: int) -> None:
    shutil.rmtree(workspace, ignore_errors=True)
    workspace.mkdir(parents=True)
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params |= {"dataset": layout.dataset, "dask": params["dask"] | {"scheduler": None, "workers": workers}}
    (workspace / "params.yaml").write_text(yaml.safe_dump(params))


def run_stage(workspace: Path, audio: Path, out: Path) -> tuple[float, Peaks]:
    """Wall seconds and memory of the stage, run as a command in its own process.

    Raises:
        SystemExit: the stage failed.
    """
    peaks, log = Peaks(), workspace / "stage.log"
    start = time.perf_counter()
    with log.open("w") as output:
        command = subprocess.Popen(
            [sys.executable, "-m", "stages.spectrograms", audio, out],
            cwd=workspace,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=output,
            stderr=output,
        )
        stage = psutil.Process(command.pid)
        while command.poll() is None:
            peaks.look(stage)
            try:
                command.wait(INTERVAL)
            except subprocess.TimeoutExpired:
                continue
    seconds = time.perf_counter() - start
    if command.returncode:
        sys.exit(f"the stage failed with exit status {command.returncode}:\n{log.read_text()}")
    return seconds, peaks


def bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def measure(folder: Path, layout: Layout, tracks: Sequence[Path], seconds: float, workers: int) -> Run:
    workspace, audio = folder / "workspace", folder / "audio" / "train"
    choose(tracks, audio)
    make_workspace(workspace, layout, workers)
    out = workspace / "data" / "spectrograms" / "train"
    taken, peaks = run_stage(workspace, audio, out)
    return Run(len(tracks), len(tracks) * seconds, taken, peaks, bytes_in(audio), bytes_in(out))


def there_and_back(counts: Sequence[int], repeats: int) -> Iterator[int]:
    """5, 10, 20, 20, 10, 5: a drift of the machine affects all sizes alike."""
    for repeat in range(repeats):
        yield from sorted(counts, reverse=repeat % 2 == 1)


def show_runs(runs: Sequence[Run]) -> None:
    rows = [
        (
            run.tracks,
            run.audio,
            f"{run.seconds:.1f}",
            f"{run.audio / run.seconds:.1f}",
            *(f"{size / GB:.3f}" for size in (run.peaks.resident, run.peaks.together, run.read, run.written)),
            *(f"{size / run.audio:,.0f}" for size in (run.read, run.written)),
        )
        for run in sorted(runs, key=lambda run: run.tracks)
    ]
    headers = [
        *("tracks", "audio\ns", "wall\ns", "audio s\nper s", "stage\nRSS, GB", "with ffmpeg\nPSS, GB"),
        *("in\nGB", "out\nGB", "in, bytes\nper audio s", "out, bytes\nper audio s"),
    ]
    print(tabulate(rows, headers, colalign=["right"] * len(headers), disable_numparse=True))


def fit(x: Sequence[float], y: Sequence[float]) -> tuple[float, float, float]:
    """A linear fit: intercept, slope, and largest residual."""
    slope, start = np.polyfit(x, y, 1)
    return float(start), float(slope), float(np.abs(np.array(y) - start - slope * np.array(x)).max())


def show_growth(runs: Sequence[Run], workers: int) -> None:
    """Print linear fits over all runs, and ratios of the medians at the largest and smallest number of tracks."""
    seconds, tracks = [run.seconds for run in runs], [run.tracks for run in runs]
    start, slope, residual = fit(tracks, seconds)
    print(f"wall seconds = {start:.1f} + {slope:.2f} per track, largest residual {residual:.1f}")
    start, slope, residual = fit([math.ceil(count / workers) for count in tracks], seconds)
    print(f"wall seconds = {start:.1f} + {slope:.2f} per turn of {workers} worker(s), largest residual {residual:.1f}")
    least, most = min(tracks), max(tracks)

    def ratio(of: Callable[[Run], float]) -> float:
        small, large = (statistics.median(of(run) for run in runs if run.tracks == count) for count in (least, most))
        return large / small

    turns, memory = ratio(lambda run: math.ceil(run.tracks / workers)), 1.0
    rows = [
        ("wall time", ratio(lambda run: run.seconds), turns),
        ("wall time without start-up", ratio(lambda run: run.seconds - start), turns),
        ("bytes in", ratio(lambda run: run.read), most / least),
        ("bytes out", ratio(lambda run: run.written), most / least),
        ("memory of the stage", ratio(lambda run: run.peaks.resident), memory),
        ("memory with ffmpeg", ratio(lambda run: run.peaks.together), memory),
    ]
    print()
    print(tabulate(rows, ["", f"{most} : {least} tracks", "expected"], floatfmt=".3f"))


@contextmanager
def opened(folder: Path | None) -> Iterator[Path]:
    if folder:
        yield folder.resolve()
        return
    with tempfile.TemporaryDirectory() as temporary:
        yield Path(temporary)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--layout", choices=LAYOUTS, default="stems", help="layout of musdb18 or musdb18-hq (default: %(default)s)"
    )
    parser.add_argument(
        "--tracks", type=int, nargs="+", default=[5, 10, 20], metavar="N", help="numbers of tracks (default: 5 10 20)"
    )
    parser.add_argument("--seconds", type=float, default=240, help="length of a track (default: %(default)s)")
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="number of workers (default: one per core)"
    )
    parser.add_argument("--repeats", type=int, default=2, help="runs per number of tracks (default: %(default)s)")
    parser.add_argument("--folder", type=Path, help="folder to keep the tracks, or with tracks of an earlier run")
    arguments = parser.parse_args()
    layout, workers = LAYOUTS[arguments.layout], arguments.workers
    with opened(arguments.folder) as folder:
        pool = folder / f"{arguments.layout}-{arguments.seconds:g}"
        pool.mkdir(parents=True, exist_ok=True)
        tracks = make_tracks(pool, layout, arguments.seconds, max(arguments.tracks))
        runs = []
        for count in there_and_back(arguments.tracks, arguments.repeats):
            runs.append(measure(folder, layout, tracks[:count], arguments.seconds, workers))
            print(f"{count} tracks: {runs[-1].seconds:.1f} s", flush=True)
    print(f"\n{layout.dataset}, tracks of {arguments.seconds:g} s, {workers} worker(s)\n")
    show_runs(runs)
    print()
    if len(set(arguments.tracks)) > 1:
        show_growth(runs, workers)
        print()
    largest = max(max(run.peaks.together, run.peaks.resident) for run in runs) / workers
    verdict = "below" if largest < BOUND else "ABOVE"
    print(f"peak memory per worker: {largest / GB:.3f} GB, {verdict} the bound of {BOUND / GB:g} GB")


if __name__ == "__main__":
    run(main)
