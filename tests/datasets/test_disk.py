"""Sizes of large files, in words."""

import pytest

from cunet.datasets.disk import human


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (4_692_000_000, "4.7 GB"), (22_656_664_047, "22.7 GB")],
)
def test_sizes_are_readable(size: int, text: str) -> None:
    assert human(size) == text
