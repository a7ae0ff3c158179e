"""`cunet separate` on a long song, as a whole process: its time against the song's, and its memory.

    python -m benchmarks.separation [--minutes 4] [--model models/cunet/0] [--runs 3] [--all]

Four models are timed in turn: the given one and one of the original's size (16 filters in the first layer, weights as
they are drawn), each as the training leaves it and exported to ONNX. The song is the test tracks one after the other,
44.1 kHz, stereo, written as FLAC. Memory is the kernel's record of the most that the process had resident (Linux).
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import soundfile
from tabulate import tabulate

from cunet.models.architecture import Architecture, weights_file
from cunet.models.cost import Cost
from cunet.models.counting import count
from cunet.package.export import export
from cunet.train.history import PROVENANCE

ORIGINAL = 16  # filters
# What a process inherits when it starts counts in its own record as the system tells it, but not in this one.
COMMAND = """
import sys
from cunet.cli import main
main()
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")), file=sys.stderr)
"""


def write_song(tracks: Path, minutes: float, path: Path) -> None:
    """The mixtures of the test tracks, again and again."""
    mixtures = sorted(tracks.glob("*/mixture.wav"))
    rate = soundfile.info(mixtures[0]).samplerate
    left, number = round(minutes * 60 * rate), 0
    with soundfile.SoundFile(path, "w", rate, 2) as song:
        while left:
            piece = soundfile.read(mixtures[number % len(mixtures)], dtype="float32", always_2d=True)[0][:left]
            song.write(piece)
            left, number = left - len(piece), number + 1


def write_original_size(model: Path, out: Path) -> None:
    """The architecture of a model with the original's filters."""
    described = Architecture.load(model)
    wide = described.model_copy(update={"unet": described.unet.model_copy(update={"filters": ORIGINAL})})
    out.mkdir()
    for name in wide.networks:
        network = wide.build(name)
        network.save_weights(weights_file(out, name))
    count(wide, network).save(out)
    wide.save(out)
    shutil.copy(model / PROVENANCE, out)


def measure(model: Path, song: Path, targets: list[str], out: Path) -> tuple[float, float]:
    """Seconds and bytes of one run."""
    arguments = ["separate", str(song), "--model", str(model), "--out", str(out), "--overwrite", *targets]
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", COMMAND, *arguments], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begin
    if done.returncode:
        sys.exit(f"{model}: cunet separate failed\n{done.stderr}")
    return seconds, 1024 * int(done.stderr.split()[-2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=4)
    parser.add_argument("--model", type=Path, default=Path("models/cunet/0"))
    parser.add_argument("--tracks", type=Path, default=Path("data/audio/test"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--all", action="store_true", help="every instrument instead of one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        song = folder / "song.flac"
        write_song(arguments.tracks, arguments.minutes, song)
        write_original_size(arguments.model, folder / "original")
        models = {"given": arguments.model, "original's size": folder / "original"}
        for title, model in list(models.items()):
            models[f"{title}, ONNX"] = folder / f"{model.name} onnx"
            export(model, "onnx", models[f"{title}, ONNX"])
        targets = ["--all"] if arguments.all else ["--target", Architecture.load(arguments.model).instruments[-1]]
        runs: dict[str, list[tuple[float, float]]] = {title: [] for title in models}
        for _ in range(arguments.runs):
            for title, model in models.items():
                runs[title].append(measure(model, song, targets, folder / "out"))
        weights = {title: Cost.load(models[title.partition(",")[0]]).weights for title in models}
    rows = []
    for title, measured in runs.items():
        seconds = statistics.median(first for first, _ in measured)
        memory = max(second for _, second in measured)
        song_seconds = 60 * arguments.minutes
        rows.append(
            [
                title,
                f"{weights[title] / 1e6:.1f}",
                f"{seconds:.1f}",
                f"1/{song_seconds / seconds:.0f}",
                f"{memory / 1e9:.2f}",
            ]
        )
    print(f"{arguments.minutes:g} minutes, {' '.join(targets)}, median of {arguments.runs} runs")
    print(tabulate(rows, ["model", "million weights", "seconds", "of the song", "GB"], disable_numparse=True))


if __name__ == "__main__":
    main()
