"""Files of spectrograms."""

from pathlib import Path

import numpy as np
import pytest

from cunet.params import Params
from cunet.preprocess.spectrogram import TrackSpectrograms, tracks_fingerprint
from cunet.preprocess.writing import read_mono, write_track
from cunet.signals.stft import stft
from cunet.tracks import folder


def test_a_track_is_read_back_by_patch_and_padded_beyond_its_end(prepared: Path, songs: Path, params: Params) -> None:
    track = folder.tracks(songs / "train")[0]
    whole = stft(read_mono(track, "tone", 8192), params.spectrogram)
    file = TrackSpectrograms(prepared / "train" / "song 0.h5")
    assert file.instruments == ("clicks", "noise", "tone")
    assert file.peak == pytest.approx(np.abs(file.mixture()).max())
    np.testing.assert_array_equal(file.source("tone", 5, 7), whole[:, 5:12])
    beyond = file.source("tone", file.frames - 3, 8)
    np.testing.assert_array_equal(beyond[:, :3], whole[:, -3:])
    assert not beyond[:, 3:].any()


def test_the_same_track_gives_the_same_file_and_another_a_new_fingerprint(
    songs: Path, tmp_path: Path, params: Params
) -> None:
    first, second = folder.tracks(songs / "train")[:2]
    for name, track in (("a", first), ("b", first), ("c", second)):
        (tmp_path / name).mkdir()
        write_track(track, tmp_path / name / "song.h5", params.spectrogram)
    a, b, c = (tmp_path / name / "song.h5" for name in "abc")
    assert a.read_bytes() == b.read_bytes()
    assert tracks_fingerprint(a.parent) == tracks_fingerprint(b.parent) != tracks_fingerprint(c.parent)
