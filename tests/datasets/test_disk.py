"""Large files on disk: sizes, checksums, and room for them."""

import hashlib
from pathlib import Path

import pytest

from cunet.datasets.disk import CHUNK, checksum_of, human, length, require_space
from cunet.errors import UserError


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (4_692_000_000, "4.7 GB"), (22_656_664_047, "22.7 GB")],
)
def test_sizes_are_readable(size: int, text: str) -> None:
    assert human(size) == text


@pytest.mark.parametrize("kind", ["md5", "sha256"])
def test_a_checksum_is_of_the_kind_that_it_is_compared_with(tmp_path: Path, kind: str) -> None:
    content = bytes(range(256)) * (CHUNK // 128)  # more than is read at a time
    (tmp_path / "file").write_bytes(content)
    assert checksum_of(tmp_path / "file", f"{kind}:0") == f"{kind}:{hashlib.new(kind, content).hexdigest()}"


def test_a_file_that_is_not_there_has_no_length(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    assert (length(tmp_path / "file"), length(tmp_path / "missing")) == (3, 0)


def test_a_disk_that_is_too_small_is_one_line_with_what_is_missing(tmp_path: Path) -> None:
    require_space(tmp_path, 1, "for a byte")
    with pytest.raises(UserError, match=r"1000000\.0 TB of disk space needed for all songs, .* Free another"):
        require_space(tmp_path, 10**18, "for all songs")
