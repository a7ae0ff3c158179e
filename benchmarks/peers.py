"""The peers' side of three benchmarks, run by the Python of an environment with benchmarks/peers.txt.

    peers/bin/python benchmarks/peers.py spectrograms TRACK OUT TIMES
    peers/bin/python benchmarks/peers.py openunmix|htdemucs SONG OUT SECONDS
    peers/bin/python benchmarks/peers.py training BINS FRAMES LAYERS FILTERS BATCH STEPS

This file imports nothing from this project. The separation networks have their published sizes and random weights.
"""

import sys
import time
import types
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

SOURCES = ("drums", "bass", "other", "vocals")
RATE, WINDOW, HOP = 8192, 1024, 768


def spectrograms(track: str, out: str, times: str) -> None:
    """The original's preprocessing: `librosa.load`, `librosa.stft` and `numpy.savez` of all sources of a track."""
    import librosa
    import numpy as np

    def write(number: int) -> None:
        complex_ = {}
        for path in sorted(Path(track).glob("*.wav")):
            audio, _ = librosa.load(path, sr=RATE)
            complex_[path.stem] = librosa.stft(audio, n_fft=WINDOW, hop_length=HOP)
        np.savez(f"{out} {number}.npz", **complex_)

    on_signal(write, int(times))


def on_signal(work: Callable[[int], None], times: int) -> None:
    """Work once; then, after a line on standard input, `times` more, and print the peak memory."""
    work(0)
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(times):
        work(1 + number)
    print(peak(), flush=True)


def peak() -> int:
    """Peak resident bytes of this process; 0 if the system does not tell."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def separate(build: Callable[[], Callable[[Any], Any]], song: str, out: str, seconds: str) -> None:
    """Separate a song into files, and write the seconds from reading the song to writing the last file."""
    import soundfile
    import torch

    torch.manual_seed(0)
    apply = build()
    begin = time.perf_counter()
    waveform, rate = soundfile.read(song, dtype="float32", always_2d=True)
    with torch.no_grad():
        estimates = apply(torch.from_numpy(waveform.T.copy())[None])[0].numpy()
    Path(out).mkdir(exist_ok=True)
    for name, estimate in zip(SOURCES, estimates, strict=True):
        soundfile.write(Path(out) / f"{name}.wav", estimate.T, rate, subtype="FLOAT")
    Path(seconds).write_text(str(time.perf_counter() - begin))


def openunmix() -> Callable[[Any], Any]:
    """`umxhq` with random weights: four networks with a bandwidth of 16 kHz, and one Wiener iteration."""
    from openunmix import umxhq

    return umxhq(pretrained=False, niter=1).eval()  # type: ignore[no-any-return]


def htdemucs() -> Callable[[Any], Any]:
    """`htdemucs` with random weights, the published configuration, and the settings of its command."""
    from demucs.apply import apply_model
    from demucs.htdemucs import HTDemucs

    model = HTDemucs(list(SOURCES), bottom_channels=512, segment=Fraction(39, 5)).eval()
    return lambda mixture: apply_model(model, mixture, shifts=1, split=True, overlap=0.25)


def training(*sizes: str) -> None:
    """Steps of the dedicated U-Net: Adam on L1, tensors in channels_last order. Prints the peak memory of each run."""
    import torch
    from torch import nn

    bins, frames, layers, filters, batch, steps = map(int, sizes[:-1])
    dropout = float(sizes[-1])

    class UNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            maps = [1, *(filters * 2**layer for layer in range(layers))]
            self.down = nn.ModuleList(
                nn.Sequential(nn.Conv2d(m, n, 5, 2, 2), nn.BatchNorm2d(n), nn.LeakyReLU(0.2)) for m, n in pairwise(maps)
            )
            ups = []
            for number in range(layers - 1, 0, -1):
                incoming = maps[number + 1] * (1 if number == layers - 1 else 2)
                up = nn.ConvTranspose2d(incoming, maps[number], 5, 2, 2, output_padding=1)
                ups.append(nn.Sequential(up, nn.BatchNorm2d(maps[number]), nn.ReLU()))
                if dropout and number >= layers / 2:
                    ups[-1].append(nn.Dropout(dropout))
            self.up = nn.ModuleList(ups)
            self.mask = nn.ConvTranspose2d(2 * filters, 1, 5, 2, 2, output_padding=1)

        def forward(self, mixture: Any) -> Any:
            x, skips = mixture, []
            for block in self.down:
                x = block(x)
                skips.append(x)
            skips.pop()
            for block in self.up:
                x = torch.cat([block(x), skips.pop()], 1)
            return torch.sigmoid(self.mask(x)) * mixture

    torch.manual_seed(0)
    network = UNet().to(memory_format=torch.channels_last)
    optimizer, loss = torch.optim.Adam(network.parameters(), 1e-3), nn.L1Loss()
    mixture = (0.1 * torch.rand(batch, 1, bins, frames)).to(memory_format=torch.channels_last)
    for _ in sys.stdin:
        for _ in range(steps):
            optimizer.zero_grad()
            loss(network(mixture), mixture / 2).backward()
            optimizer.step()
        print(peak(), flush=True)


def main() -> None:
    name, *arguments = sys.argv[1:]
    if name == "spectrograms":
        spectrograms(*arguments)
    elif name == "training":
        training(*arguments)
    else:
        sys.modules["torchaudio"] = types.ModuleType("torchaudio")  # imported by both packages, needed by neither here
        separate({"openunmix": openunmix, "htdemucs": htdemucs}[name], *arguments)


if __name__ == "__main__":
    main()
