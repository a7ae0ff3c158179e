"""A track's spectrograms, written to a file."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import soundfile
from threadpoolctl import threadpool_limits

from cunet.errors import UserError
from cunet.params import Params
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.preprocess.writing import read_mono, write_track
from cunet.tracks import folder
from cunet.tracks.track import FileTrack
from tests.tracks.conftest import write


def test_a_silent_track_has_a_scale(tmp_path: Path, params: Params) -> None:
    for name in ("a", "b"):
        soundfile.write(tmp_path / f"{name}.wav", np.zeros(8000), 8000)
    track = FileTrack("silence", {name: tmp_path / f"{name}.wav" for name in ("a", "b")})
    write_track(track, tmp_path / "silence.h5", params.spectrogram)
    file = TrackSpectrograms(tmp_path / "silence.h5")
    assert file.peak == 1
    assert np.isfinite(file.mixture()).all()


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


def test_mono_is_the_mean_of_the_channels_at_the_new_rate(tmp_path: Path) -> None:
    time = np.arange(44100) / 44100
    tone = np.sin(2 * np.pi * 440 * time)
    soundfile.write(tmp_path / "tone.wav", np.stack([tone, 0.5 * tone], axis=1), 44100, subtype="FLOAT")
    mono = read_mono(FileTrack("song", {"tone": tmp_path / "tone.wav"}), "tone", 8192)
    assert len(mono) == 8192
    expected = 0.75 * np.sin(2 * np.pi * 440 * np.arange(8192) / 8192)
    np.testing.assert_allclose(mono[100:-100], expected[100:-100], atol=0.01)


def test_a_stem_of_an_awkward_rate_is_named_before_it_takes_memory(tmp_path: Path) -> None:
    write(tmp_path / "tone.wav", seconds=0.01, rate=999_983)
    with pytest.raises(UserError, match="my song: tone has a sample rate of 999983 Hz"):
        read_mono(FileTrack("my song", {"tone": tmp_path / "tone.wav"}), "tone", 8192)
