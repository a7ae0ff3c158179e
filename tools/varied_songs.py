"""Adds copies of a folder's training tracks at other pitches and tempos, with ffmpeg.

    python -m tools.varied_songs songs varied_songs --vary -2 0.9 --vary 2 1.1 [--validation TRACK ...]

Copies <root> to <out>, for use as `folder.root`, and adds `<out>/train/<track> (<semitones>, <tempo>)` for every track
and every `--vary SEMITONES TEMPO`. All instruments of a track are varied alike, so their sum is still a song.
Validation tracks get no copies, because these would be used for training.
"""

import argparse
import shutil
import subprocess
from pathlib import Path

import soundfile
from tqdm import tqdm

from cunet.cli.running import run
from cunet.errors import UserError
from cunet.files import new_folder
from cunet.tracks.folder import existing, tracks
from cunet.tracks.track import FileTrack

SEMITONES, TEMPOS = (-24, 24), (0.5, 2)  # least and most


def filters(rate: int, semitones: float, tempo: float) -> str:
    """Filters for ffmpeg: change the speed, which shifts the pitch, then correct the tempo.

    Examples:
        >>> filters(44100, 12, 1)
        'asetrate=88200,aresample=44100,atempo=0.5'
    """
    speed = 2 ** (semitones / 12)
    return f"asetrate={round(rate * speed)},aresample={rate},atempo={tempo / speed:.6g}"


def vary(track: FileTrack, semitones: float, tempo: float, train: Path) -> None:
    """Write a varied copy of a track.

    Raises:
        UserError: ffmpeg failed.
    """
    with new_folder(train / f"{track.name} ({semitones:+g}, {tempo:g})") as folder:
        for name in track.instruments:  # not the mixture: ffmpeg cuts each file at different positions
            path = track.files[name]
            chain = filters(soundfile.info(path).samplerate, semitones, tempo)
            command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-af", chain]
            done = subprocess.run([*command, str(folder / f"{name}.flac")], stderr=subprocess.PIPE, text=True)
            if done.returncode:
                raise UserError(f"{path}: ffmpeg failed ({done.stderr.strip()})")


def main() -> None:
    """Copy the folder and add the varied tracks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, help="folder of multitracks with train/")
    parser.add_argument("out", type=Path, help="new folder")
    parser.add_argument(
        "--vary",
        nargs=2,
        type=float,
        action="append",
        required=True,
        metavar=("SEMITONES", "TEMPO"),
        help="variation of a copy of every track; repeatable",
    )
    parser.add_argument("--validation", nargs="+", default=[], metavar="TRACK", help="tracks without copies")
    arguments = parser.parse_args()

    def write() -> None:
        root, out = existing(arguments.root), arguments.out
        found = {track.name: track for track in tracks(root / "train")}
        if unknown := [name for name in arguments.validation if name not in found]:
            raise UserError(f"{root / 'train'}: no track {unknown[0]}")
        for semitones, tempo in arguments.vary:
            if not SEMITONES[0] <= semitones <= SEMITONES[1] or not TEMPOS[0] <= tempo <= TEMPOS[1]:
                raise UserError(f"--vary {semitones:g} {tempo:g}: use -24 to 24 semitones, and a tempo of 0.5 to 2")
        if out.exists() or out.resolve().is_relative_to(root.resolve()):
            raise UserError(f"{out}: already exists, or is inside {root}. Choose another folder.")
        copied = [track for name, track in found.items() if name not in arguments.validation]
        with new_folder(out) as folder:
            shutil.copytree(root, folder, dirs_exist_ok=True)
            for semitones, tempo in arguments.vary:
                for track in tqdm(copied, desc=f"{semitones:+g} semitones, tempo {tempo:g}", unit="track"):
                    vary(track, semitones, tempo, folder / "train")

    run(write)


if __name__ == "__main__":
    main()
