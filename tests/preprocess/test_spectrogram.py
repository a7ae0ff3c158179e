"""Files of spectrograms."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import soundfile
from threadpoolctl import threadpool_limits

from cunet.params import Params
from cunet.preprocess.spectrogram import TrackSpectrograms, tracks_fingerprint
from cunet.preprocess.writing import read_mono, write_track
from cunet.signals.stft import stft
from cunet.tracks import folder
from cunet.tracks.track import FileTrack


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


def test_a_silent_track_has_a_scale(tmp_path: Path, params: Params) -> None:
    for name in ("a", "b"):
        soundfile.write(tmp_path / f"{name}.wav", np.zeros(8000), 8000)
    track = FileTrack("silence", {name: tmp_path / f"{name}.wav" for name in ("a", "b")})
    write_track(track, tmp_path / "silence.h5", params.spectrogram)
    file = TrackSpectrograms(tmp_path / "silence.h5")
    assert file.peak == 1
    assert np.isfinite(file.mixture()).all()


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


def test_the_file_is_the_same_to_the_byte_on_any_number_of_threads(tmp_path: Path, params: Params) -> None:
    """Workers of dask compute on one, a process of its own on all cores."""
    noise = np.random.default_rng(0).standard_normal((20 * 44100, 2))
    for name in ("a", "b"):
        soundfile.write(tmp_path / f"{name}.wav", 0.1 * noise, 44100)
    track = FileTrack("noise", {name: tmp_path / f"{name}.wav" for name in ("a", "b")})
    for threads in (1, 2):
        with threadpool_limits(threads):
            write_track(track, tmp_path / f"{threads}.h5", params.spectrogram)
    assert (tmp_path / "1.h5").read_bytes() == (tmp_path / "2.h5").read_bytes()


def test_the_file_is_the_same_to_the_byte_when_objects_live_longer(
    songs: Path, tmp_path: Path, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profiler's thread, such as dask's, holds on to the frames it looks at, and to what they refer to."""
    track = folder.tracks(songs / "train")[0]
    write_track(track, tmp_path / "a.h5", params.spectrogram)
    held, create = [], h5py.File.create_dataset

    def hold(*arguments: Any, **options: Any) -> h5py.Dataset:
        held.append(create(*arguments, **options))
        return held[-1]

    monkeypatch.setattr(h5py.File, "create_dataset", hold)
    write_track(track, tmp_path / "b.h5", params.spectrogram)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_a_failing_track_leaves_no_file(tmp_path: Path, params: Params) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(8000), 8000)
    track = FileTrack("broken", {"a": tmp_path / "a.wav", "b": tmp_path / "missing.wav", "mixture": tmp_path / "a.wav"})
    with pytest.raises(Exception, match="missing"):
        write_track(track, tmp_path / "broken.h5", params.spectrogram)
    assert not (tmp_path / "broken.h5").exists()


def test_no_pickles_and_nothing_random_in_the_file(prepared: Path) -> None:
    with h5py.File(prepared / "train" / "song 0.h5") as file:
        assert file["mixture"].dtype == np.complex64
        assert set(file.attrs) == {"samples", "peak", "sha256"}
