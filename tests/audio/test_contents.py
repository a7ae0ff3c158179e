"""Bytes of audio files."""

import errno
from pathlib import Path

import pytest

from cunet.audio.contents import open_bytes
from cunet.errors import UserError


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot be read \(Is a directory\)"), open_bytes(tmp_path):
        pass
    path = tmp_path / "song.wav"
    path.touch()
    with pytest.raises(UserError, match=r"song\.wav: cannot be read \(Input/output error\)"), open_bytes(path):
        raise OSError(errno.EIO, "Input/output error")  # as a damaged sector does
