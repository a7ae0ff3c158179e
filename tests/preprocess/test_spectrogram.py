"""Spectrograms, and the files that hold them."""

from pathlib import Path
from typing import Any

import h5py
import museval
import numpy as np
import pytest
import soundfile
from scipy.signal import ShortTimeFFT, resample_poly
from scipy.signal.windows import hann
from threadpoolctl import threadpool_limits

from cunet.params import Params
from cunet.preprocess.spectrogram import TrackSpectrograms, fingerprint
from cunet.preprocess.writing import read_mono, write_track
from cunet.settings import Spectrogram
from cunet.signals.resampling import resample
from cunet.signals.stft import frame_centres, frame_count, istft, stft
from cunet.tracks import folder
from cunet.tracks.track import FileTrack

PAPER = Spectrogram(sample_rate=8192, window=1024, hop=768)


@pytest.mark.parametrize("samples", [1, 100, 1023, 1024, 8192, 30001])
def test_the_inverse_transform_gives_the_waveform_back(samples: int) -> None:
    waveform = np.random.default_rng(0).standard_normal(samples).astype(np.float32)
    spectrogram = stft(waveform, PAPER)
    assert spectrogram.shape[0] == 513
    assert spectrogram.dtype == np.complex64
    np.testing.assert_allclose(istft(spectrogram, samples, PAPER), waveform, atol=1e-5)


@pytest.mark.parametrize("window, hop", [(1024, 768), (1024, 256), (256, 192), (10, 9), (6, 5), (4, 1)])
@pytest.mark.parametrize("samples", [1, 255, 256, 257, 1025, 3841, 60000])
def test_the_transforms_are_those_of_scipy(samples: int, window: int, hop: int) -> None:
    settings = Spectrogram(sample_rate=8192, window=window, hop=hop)
    reference = ShortTimeFFT(hann(window, sym=False), hop, 8192)
    rng = np.random.default_rng(0)
    waveform = rng.standard_normal(samples).astype(np.float32)
    expected = reference.stft(np.pad(waveform, (0, max(0, window - samples))))
    spectrogram = stft(waveform, settings)
    assert frame_count(samples, settings) == expected.shape[1]
    centres = np.arange(reference.p_min, reference.p_min + expected.shape[1]) * hop / 8192
    np.testing.assert_allclose(frame_centres(0, expected.shape[1], settings), centres)
    np.testing.assert_allclose(spectrogram, expected, rtol=0, atol=1e-6 * np.abs(expected).max())
    masked = spectrogram * rng.random(spectrogram.shape, np.float32)  # of no waveform any more
    back = reference.istft(masked, k1=max(samples, window))[:samples]
    np.testing.assert_allclose(istft(masked, samples, settings), back, rtol=0, atol=1e-6 * np.abs(back).max())


@pytest.mark.parametrize("rates", [(44100, 8192), (8192, 44100), (48000, 8192), (44100, 22050), (2, 3), (8192, 8192)])
@pytest.mark.parametrize("shape", [(1, 1), (777, 2), (50001, 3)])
def test_resampled_is_what_scipy_makes_of_it(rates: tuple[int, int], shape: tuple[int, int]) -> None:
    waveform = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    expected = resample_poly(waveform, rates[1], rates[0])
    resampled = resample(waveform, *rates)
    assert resampled.dtype == np.float32
    assert resampled.shape == expected.shape
    np.testing.assert_allclose(resampled, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


def test_mono_is_the_mean_of_the_channels_at_the_new_rate(tmp_path: Path) -> None:
    time = np.arange(44100) / 44100
    tone = np.sin(2 * np.pi * 440 * time)
    soundfile.write(tmp_path / "tone.wav", np.stack([tone, 0.5 * tone], axis=1), 44100, subtype="FLOAT")
    mono = read_mono(FileTrack("song", {"tone": tmp_path / "tone.wav"}), "tone", 8192)
    assert len(mono) == 8192
    expected = 0.75 * np.sin(2 * np.pi * 440 * np.arange(8192) / 8192)
    np.testing.assert_allclose(mono[100:-100], expected[100:-100], atol=0.01)


def test_resampled_references_can_be_scored() -> None:
    """A steep resampling filter makes the SIR of a near-perfect estimate negative."""
    rng = np.random.default_rng(0)
    sources = [resample(rng.standard_normal((5 * 44100, 1)).astype(np.float32), 44100, 8192) for _ in range(2)]
    references = np.stack(sources).astype(np.float64)
    estimates = references + 0.03 * references[::-1] + 0.01 * rng.standard_normal(references.shape)
    _, _, sir, sar = museval.evaluate(references, estimates, win=8192, hop=8192)
    assert np.median(sir) == pytest.approx(20 * np.log10(1 / 0.03), abs=1)
    assert np.median(sar) > 20


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
    assert fingerprint(a.parent) == fingerprint(b.parent) != fingerprint(c.parent)


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
