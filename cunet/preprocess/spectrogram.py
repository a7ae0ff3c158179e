"""Complex spectrograms of a track's mixture and sources, read from its HDF5 file."""

import hashlib
import math
import mmap
from pathlib import Path

import h5py
import numpy as np

from cunet.errors import UserError
from cunet.files import intact
from cunet.names import MIXTURE, is_scattered
from cunet.signals.arrays import Complex


class TrackSpectrograms:
    """Lazy reader of a file written by `cunet.preprocess.writing.write_track`.

    Spectrograms are views of the file, mapped into memory, so that several threads can read at once; HDF5 would
    serialise them. Each mapping counts towards the limit on open files; see `allow_open_files`.

    Raises:
        UserError: the file is missing or damaged, or was not written by `write_track`.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        with intact(path):
            self._open(path)

    def _open(self, path: Path) -> None:
        with h5py.File(path, "r") as file:
            names = [MIXTURE, *(f"sources/{name}" for name in sorted(file["sources"]))]
            places = {name: (file[name].id.get_offset(), file[name].shape) for name in names}
            self.samples = int(file.attrs["samples"])
            self.peak = float(file.attrs["peak"])
        if any(offset is None for offset, _ in places.values()):
            raise UserError(f"{path}: spectrograms are not contiguous. Run the spectrograms stage again.")
        with path.open("rb") as content:
            mapped = mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ)
        self._spectrograms = {
            name: np.frombuffer(mapped, np.complex64, math.prod(shape), offset).reshape(shape)
            for name, (offset, shape) in places.items()
        }
        self.instruments = tuple(name.removeprefix("sources/") for name in names[1:])
        self.frames, self.bins = places[MIXTURE][1]

    def mixture(self, start: int = 0, frames: int | None = None) -> Complex:
        """Complex mixture `(bins, frames)` from frame `start`; silence beyond the end."""
        return self._read(MIXTURE, start, frames)

    def source(self, instrument: str, start: int = 0, frames: int | None = None) -> Complex:
        """Complex source `(bins, frames)` from frame `start`; silence beyond the end."""
        return self._read(f"sources/{instrument}", start, frames)

    def _read(self, name: str, start: int, frames: int | None) -> Complex:
        stop = self.frames if frames is None else start + frames
        spectrogram: Complex = self._spectrograms[name][start:stop].T
        missing = stop - start - spectrogram.shape[1]
        return np.pad(spectrogram, ((0, 0), (0, missing))) if missing else spectrogram


def track_files(folder: Path) -> list[Path]:
    """The files of `write_track` in a folder, sorted by name."""
    return sorted(path for path in folder.glob("*.h5") if not is_scattered(path.name))


def check_split(train: Path, test: Path) -> None:
    """Check that no track is in both train and test, across all data sets.

    Raises:
        UserError: a track of `train` and one of `test` have the same contents.
    """
    known = {_fingerprint(path): path.stem for path in track_files(train)}
    for path in track_files(test):
        if (trained := known.get(_fingerprint(path))) is not None:
            raise UserError(
                f"the test track {path.stem} is the same as the training track {trained}. Remove one of them."
            )


def _fingerprint(path: Path) -> str:
    with intact(path), h5py.File(path, "r") as file:
        return str(file.attrs["sha256"])


def tracks_fingerprint(*folders: Path) -> str:
    """Hash of the contents of all tracks in the folders."""
    digest = hashlib.sha256()
    for path in (path for folder in folders for path in track_files(folder)):
        digest.update(f"{path.stem}\0{_fingerprint(path)}\0".encode())
    return digest.hexdigest()[:16]
