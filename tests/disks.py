"""Disks of their own for tests, which take root to mount."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@contextmanager
def mounted(place: Path, *options: str | Path) -> Iterator[Path]:
    """Mount something on a folder for the block."""
    place.mkdir(parents=True, exist_ok=True)
    if subprocess.run(["mount", *options, place], check=False, capture_output=True).returncode:
        pytest.skip("mounting takes root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


@dataclass(frozen=True)
class Disk:
    """A disk that can lose power.

    Attributes:
        image: file with its content.
        options: of mount, besides `loop`.
    """

    image: Path
    options: str = "defaults"

    @classmethod
    def formatted(cls, image: Path, size: int, options: str = "defaults") -> "Disk":
        """A new disk of `size` bytes."""
        with image.open("wb") as file:
            file.truncate(size)
        subprocess.run(["mkfs.ext4", "-q", image], check=True)
        return cls(image, options)

    @contextmanager
    def mounted(self, place: Path) -> Iterator[Path]:
        """Mount the disk on a folder for the block."""
        with mounted(place, "-o", f"loop,{self.options}", self.image):
            yield place

    def after_power_loss(self, image: Path) -> "Disk":
        """The disk as it is now, without what the system has not written to it yet."""
        shutil.copyfile(self.image, image)
        return Disk(image, self.options)
