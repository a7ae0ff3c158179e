"""Audio in pieces."""

import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cunet.app.pieces import PIECE, write_pieces
from cunet.separate.audio import ArrayAudio

RATE = 8000


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_the_pieces_are_the_whole(tmp_path: Path, channels: int) -> None:
    waveform = np.random.default_rng(0).uniform(-1, 1, (round(2.5 * PIECE * RATE), channels)).astype(np.float32)
    edges = write_pieces(ArrayAudio(waveform, RATE), tmp_path / "pieces")
    data = (tmp_path / "pieces").read_bytes()
    assert edges[0] == 0
    assert edges[-1] == len(data)
    pieces = [soundfile.read(io.BytesIO(data[start:stop]))[0] for start, stop in pairwise(edges)]
    assert [len(piece) for piece in pieces] == [PIECE * RATE, PIECE * RATE, PIECE * RATE // 2]
    expected = waveform if channels <= 2 else waveform.mean(axis=1)
    np.testing.assert_allclose(np.concatenate(pieces), expected.squeeze(), atol=1 / 32768)


def test_what_is_louder_than_full_scale_is_clipped(tmp_path: Path) -> None:
    edges = write_pieces(ArrayAudio(np.array([[2.0], [-2.0]], np.float32), RATE), tmp_path / "pieces")
    assert len(edges) == 2
    np.testing.assert_allclose(soundfile.read(tmp_path / "pieces")[0], [1, -1], atol=1e-4)
