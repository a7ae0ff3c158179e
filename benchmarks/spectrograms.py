"""Spectrograms of a track's mixture and four sources: `write_track` compared with the original code, on the same files.

    python -m benchmarks.spectrograms --peers peers/bin/python [--seconds 240] [--runs 5] [--short]

The original calls `librosa.load(path, sr=8192)` and `librosa.stft` for every source, then `numpy.savez`. Both read
44.1 kHz, 16-bit, stereo WAV files; both are timed with one process, and with two at once, on one track each. Start-up
and a first track are excluded. See benchmarks/peers.txt for the installation of librosa.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.measure import Side, conclude, table
from benchmarks.peers import SOURCES, on_signal
from cunet.cli.running import run
from cunet.preprocess.writing import write_track
from cunet.settings.spectrogram import Spectrogram
from cunet.tracks.track import FileTrack

RATE = 44100
SETTINGS = Spectrogram(sample_rate=8192, window=1024, hop=768)
PROCESSES = (1, 2)
ROOT = Path(__file__).resolve().parents[1]


def write_sources(folder: Path, seconds: float) -> None:
    """Write stereo noise, one file per source, and their sum."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    sources = [0.1 * rng.standard_normal((round(seconds * RATE), 2), np.float32) for _ in SOURCES]
    for name, waveform in zip((*SOURCES, "mixture"), (*sources, sum(sources)), strict=True):
        soundfile.write(folder / f"{name}.wav", waveform, RATE, subtype="PCM_16")


def work(track: Path, out: Path, times: int) -> None:
    """Run our side of a measurement."""
    files = {path.stem: path for path in track.glob("*.wav")}
    on_signal(lambda number: write_track(FileTrack(track.name, files), Path(f"{out} {number}.h5"), SETTINGS), times)


def measure(commands: Sequence[list[str]], times: int) -> tuple[float, float]:
    """Wall seconds per track of processes that start together, and the largest peak memory of one, in bytes."""
    # Parallel processes use one thread each, like dask's workers.
    environment = os.environ | ({"OMP_NUM_THREADS": "1"} if len(commands) > 1 else {})
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT)
        for command in commands
    ]
    for process in processes:
        _answer(process)
    begin = time.perf_counter()
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    peaks = [float(_answer(process)) for process in processes]
    seconds = (time.perf_counter() - begin) / (times * len(processes))
    for process in processes:
        process.communicate()
    return seconds, max(peaks)


def _answer(process: "subprocess.Popen[str]") -> str:
    """The next line that a process prints."""
    assert process.stdout
    line = process.stdout.readline().strip()
    if not line:
        sys.exit(f"{process.args!r} failed")
    return line


def compare(peers: str, track: Path, out: Path, processes: int, runs: int, times: int) -> list[Side]:
    """Run both sides in turn, with this number of processes at once."""
    modules = {"ours": [sys.executable, "-m", "benchmarks.spectrograms", "--work"]}
    modules["librosa"] = [peers, str(ROOT / "benchmarks" / "peers.py"), "spectrograms"]
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in modules}
    for _ in range(runs):
        for name, start in modules.items():
            ends = [[str(track), str(out / f"{name} {number}"), str(times)] for number in range(processes)]
            measured[name].append(measure([[*start, *end] for end in ends], times))
            for path in out.glob(f"{name} *"):
                path.unlink()
    return [
        Side(f"{name}, {processes} at once", [seconds for seconds, _ in pairs], max(memory for _, memory in pairs))
        for name, pairs in measured.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", default="peers/bin/python", help="Python with librosa (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=240, help="length of the track (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="number of runs (default: %(default)s)")
    parser.add_argument("--short", action="store_true", help="one minute of music, two runs")
    parser.add_argument("--work", nargs=3, metavar=("TRACK", "OUT", "TIMES"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        track, out, times = arguments.work
        return work(Path(track), Path(out), int(times))
    if subprocess.run(["which", arguments.peers], stdout=subprocess.DEVNULL, check=False).returncode:
        sys.exit(f"{arguments.peers}: no such Python. Run make peers, or select a Python with librosa with --peers.")
    seconds, runs = (60.0, 2) if arguments.short else (arguments.seconds, arguments.runs)
    with tempfile.TemporaryDirectory() as name:
        track = Path(name) / "track"
        write_sources(track, seconds)
        size = sum(path.stat().st_size for path in track.iterdir())
        sides = [compare(arguments.peers, track, Path(name), number, runs, times=3) for number in PROCESSES]
    table([side for pair in sides for side in pair], f"{seconds:g} s of music, seconds per track")
    for side in (side for pair in sides for side in pair):
        print(f"{side.name}: {size / side.median / 1e6:.0f} MB/s, {seconds / side.median:.0f} times real time")
    ours, peer = (side.median for side in sides[-1])
    one = sides[0][1].median / sides[0][0].median
    conclude("spectrograms", ours, peer, peer / ours, ratio_one_process=round(one, 2), unit="s per track")


if __name__ == "__main__":
    run(main)
