"""`cunet separate` of a song, four instruments, compared with Open-Unmix and HTDemucs on the same cores.

    python -m benchmarks.separation --peers peers/bin/python [--model FOLDER] [--seconds 240] [--runs 3] [--short]

Ours runs with TensorFlow and exported to ONNX. Without --model it has the size of params.yaml and random weights, which
take as long as trained ones. The peers have the published sizes of `umxhq` and `htdemucs` and random weights, and run
on PyTorch; see benchmarks/peers.txt for their installation. The song is 44.1 kHz, stereo, FLAC; each system writes four
WAV files. HTDemucs separates the first 30 s, and its figures are scaled to the whole song.

Input of each system: ours, up to 4 kHz, mean of the channels; Open-Unmix, up to 16 kHz, stereo; HTDemucs, everything.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np
import soundfile

from benchmarks.measure import Side, conclude, run_process, table
from benchmarks.peers import SOURCES
from cunet.cli import running
from cunet.conditions.sets import single_conditions
from cunet.export.card import CARD
from cunet.export.export import export
from cunet.models.architecture import WEIGHTS, weights_file
from cunet.models.networks import build
from cunet.params import load_params
from cunet.train.counting import count
from cunet.train.fit import describe
from cunet.train.history import PROVENANCE

RATE = 44100
EXCERPT = 30  # seconds that HTDemucs separates
PEERS = Path(__file__).with_name("peers.py")
# The command `cunet`; it also writes the seconds from reading the song to writing the last file, with the model loaded.
OURS = """
import sys, time
from pathlib import Path
from cunet.cli import main, separate
seconds = Path(sys.argv.pop(1))
separate_song = separate.separate_song
def timed(*arguments):
    begin = time.perf_counter()
    remarks = separate_song(*arguments)
    seconds.write_text(str(time.perf_counter() - begin))
    return remarks
separate.separate_song = timed
main()
"""


@dataclass
class System:
    """A separation system and its measurements, scaled to the whole song: seconds and bytes.

    Attributes:
        name: name, with the bandwidth of the input.
        command: a command that separates, and writes the seconds for the song alone to the file `seconds`.
        scale: ratio of the song's length to that of the separated part.
    """

    name: str
    command: list[str | Path]
    seconds: Path
    scale: float = 1.0
    start_up: list[float] = field(default_factory=list)
    song: list[float] = field(default_factory=list)
    memory: float = 0.0

    @property
    def whole(self) -> list[float]:
        """Start-up and song."""
        return [start_up + song for start_up, song in zip(self.start_up, self.song, strict=True)]

    def run(self) -> None:
        """Run the command once and record its measurements."""
        whole, memory = run_process(*self.command)
        song = float(self.seconds.read_text())
        self.start_up.append(whole - song)
        self.song.append(self.scale * song)
        self.memory = max(self.memory, memory)


def write_song(path: Path, seconds: float) -> None:
    """Write stereo noise with slow swells, so that loud and quiet parts alternate."""
    times = np.arange(round(seconds * RATE))[:, None] / RATE
    noise = np.random.default_rng(0).standard_normal((len(times), 2), np.float32)
    soundfile.write(path, 0.1 * noise * (1 + np.sin(2 * np.pi * times / [3, 5])), RATE)


def write_model(folder: Path) -> None:
    """Write the studied architecture of params.yaml with random weights, and the other files that an export needs."""
    folder.mkdir()
    params = load_params()
    architecture = describe(params, params.architecture, single_conditions(tuple(sorted(SOURCES))))
    keras.utils.set_random_seed(0)
    for name in architecture.networks:
        network = build(architecture, name)
        network.save_weights(weights_file(folder, name))
    count(architecture, network).save(folder)
    architecture.save(folder)
    (folder / PROVENANCE).write_text("{}\n")
    (folder / CARD).write_text("Random weights, for a benchmark.\n")


def ours(name: str, song: Path, model: Path, folder: Path) -> System:
    """`cunet separate`."""
    out, seconds = folder / f"{model.name} out", folder / f"{model.name} seconds"
    arguments: list[str | Path] = ["separate", song, "--model", model, "--out", out, "--overwrite"]
    return System(name, [sys.executable, "-c", OURS, seconds, *arguments], seconds)


def peer(name: str, network: str, python: str, song: Path, folder: Path, scale: float = 1.0) -> System:
    """A peer, by its name in benchmarks/peers.py."""
    seconds = folder / f"{network} seconds"
    return System(name, [python, PEERS, network, song, folder / network, seconds], seconds, scale)


def systems(model: Path | None, peers: str, length: float, excerpt: float, folder: Path) -> list[System]:
    """Everything to measure, with its files."""
    song, part = folder / "song.flac", folder / "part.flac"
    write_song(song, length)
    write_song(part, excerpt)
    if model is None:
        model = folder / "model"
        write_model(model)
    assert list(model.glob(f"*{WEIGHTS}")), f"{model} is not a trained model"
    export(model, "onnx", folder / "onnx")
    return [
        ours("ours, ONNX (4 kHz, mono)", song, folder / "onnx", folder),
        ours("ours, TensorFlow (4 kHz, mono)", song, model, folder),
        peer("Open-Unmix (16 kHz, stereo)", "openunmix", peers, song, folder),
        peer("HTDemucs (22 kHz, stereo)", "htdemucs", peers, part, folder, length / excerpt),
    ]


def show(measured: Sequence[System], length: float) -> None:
    """Print tables with and without start-up."""
    title = f"{length:g} s of stereo, seconds"
    table([Side(system.name, system.whole, system.memory) for system in measured], f"{title}, start-up included")
    print()
    table([Side(system.name, system.song) for system in measured], f"{title}, the song alone")
    print()
    table([Side(system.name, system.start_up) for system in measured], f"{title}, start-up alone")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--peers", default="peers/bin/python", help="Python with Open-Unmix and Demucs (default: %(default)s)"
    )
    parser.add_argument("--model", type=Path, help="trained model (default: random weights)")
    parser.add_argument("--seconds", type=float, default=240, help="length of the song (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="number of runs (default: %(default)s)")
    parser.add_argument("--short", action="store_true", help="20 s of music, one run, no TensorFlow")
    arguments = parser.parse_args()
    if subprocess.run(["which", arguments.peers], stdout=subprocess.DEVNULL, check=False).returncode:
        sys.exit(f"{arguments.peers}: no such Python. Run make peers, or select a Python with the peers with --peers.")
    length, excerpt, runs = (20.0, 7.0, 1) if arguments.short else (arguments.seconds, float(EXCERPT), arguments.runs)
    with tempfile.TemporaryDirectory() as name:
        measured = systems(arguments.model, arguments.peers, length, min(length, excerpt), Path(name))
        if arguments.short:
            measured.pop(1)
        for _ in range(runs):
            for system in measured:
                system.run()
    show(measured, length)
    whole = [Side(system.name, system.whole).median for system in measured]
    conclude(
        "separation",
        whole[0],
        whole[-2],
        whole[-2] / whole[0],
        ratio_htdemucs=round(whole[-1] / whole[0], 1),
        start_up_onnx=round(Side("", measured[0].start_up).median, 2),
        unit="s, start-up included",
    )


if __name__ == "__main__":
    running.run(main)
