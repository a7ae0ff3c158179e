"""WMA files."""

from pathlib import Path

from cunet.audio.asf import is_cut_off
from tests.sounds import cut, encode, noise


def test_a_file_smaller_than_its_header_declares_is_cut_off(tmp_path: Path) -> None:
    path = encode(noise(), tmp_path / "song.wma")
    assert not is_cut_off(path)
    assert is_cut_off(cut(path))
    path.write_bytes(b"no header")
    assert not is_cut_off(path)
