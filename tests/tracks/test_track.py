"""A track as every data set presents it."""

from pathlib import Path

import numpy as np
import pytest

from cunet.errors import UserError
from cunet.tracks.folder import tracks
from cunet.tracks.track import FileTrack
from tests.tracks.conftest import RATE, write


def test_the_mixture_is_the_sum_where_it_is_absent(tmp_path: Path) -> None:
    write(tmp_path / "a" / "mono.wav", seconds=1, channels=1, value=0.1)
    write(tmp_path / "a" / "stereo.wav", seconds=2, channels=2, value=0.2)
    (track,) = tracks(tmp_path)
    mixture, _ = track.read("mixture")
    assert mixture.shape == (2 * RATE, 2)
    np.testing.assert_allclose(mixture[:RATE], 0.3, atol=1e-4)
    np.testing.assert_allclose(mixture[RATE:], 0.2, atol=1e-4)


def test_sources_of_different_rates_need_a_mixture(tmp_path: Path) -> None:
    write(tmp_path / "a.wav")
    write(tmp_path / "b.wav", rate=16000)
    track = FileTrack("x", {"a": tmp_path / "a.wav", "b": tmp_path / "b.wav"})
    with pytest.raises(UserError, match="8000, 16000 Hz"):
        track.read("mixture")


def test_the_mixtures_own_file_is_the_mixture_and_no_instrument(tmp_path: Path) -> None:
    for name, value in (("b", 0.1), ("a", 0.1), ("mixture", 0.5)):
        write(tmp_path / f"{name}.wav", value=value)
    track = FileTrack("x", {name: tmp_path / f"{name}.wav" for name in ("b", "a", "mixture")})
    assert track.instruments == ("a", "b")
    assert track.folder == tmp_path
    np.testing.assert_allclose(track.read("mixture")[0], 0.5, atol=1e-4)
