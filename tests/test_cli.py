"""What every command does with an error."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from cunet.cli import run
from cunet.errors import UserError


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a megabyte."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1M", "none", tmp_path], check=False).returncode:
        pytest.skip("mounting takes root")
    yield tmp_path
    subprocess.run(["umount", "--lazy", tmp_path], check=True)


def fill_with_hdf5(path: Path) -> None:
    with h5py.File(path / "x.h5", "w") as file:
        file["x"] = np.zeros(10**6)


def fill_with_bytes(path: Path) -> None:
    (path / "x").write_bytes(bytes(10**7))


@pytest.mark.parametrize("fill", [fill_with_hdf5, fill_with_bytes])
def test_a_full_disk_is_one_line(small_disk: Path, fill: object) -> None:
    assert callable(fill)
    with pytest.raises(SystemExit) as stop:
        run(lambda: fill(small_disk))
    message = str(stop.value)
    assert message.startswith("error: No space left on device: make room")
    assert "\n" not in message


def test_other_errors_of_the_system_are_not_hidden(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run(lambda: fill_with_bytes(tmp_path / "nowhere"))


def test_what_the_user_can_mend_is_one_line_and_status_one() -> None:
    def wrong() -> None:
        raise UserError("params.yaml: film: no such film")

    with pytest.raises(SystemExit) as stop:
        run(wrong)
    assert stop.value.code == "error: params.yaml: film: no such film"
