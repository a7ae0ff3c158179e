"""Short audio files."""

import errno
from pathlib import Path

import numpy as np
import pytest

from cunet.audio.reading import read_audio
from cunet.audio.writing import write_audio


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_what_is_written_is_read(tmp_path: Path, suffix: str) -> None:
    waveform = np.linspace(-0.5, 0.5, 2000, dtype=np.float32).reshape(1000, 2)
    write_audio(tmp_path / f"x.{suffix}", waveform, 8000)
    found, rate = read_audio(tmp_path / f"x.{suffix}")
    assert rate == 8000
    np.testing.assert_allclose(found, waveform, atol=2**-15)


def test_a_full_disk_is_named(small_disk: Path) -> None:
    with pytest.raises(OSError, match="No space left") as error:
        write_audio(small_disk / "x.wav", np.zeros(10**6, np.float32), 8000)
    assert (error.value.errno, error.value.filename) == (errno.ENOSPC, str(small_disk / "x.wav"))
