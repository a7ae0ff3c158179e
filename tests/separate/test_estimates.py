"""Estimates computed piece by piece."""

from pathlib import Path

import numpy as np
import pytest

import cunet
from cunet.masking.masks import apply_masks
from cunet.masking.separator import Separator
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.separate import estimates
from cunet.separate.model import Model
from cunet.settings.evaluation import Consistency
from cunet.signals.resampling import resample
from tests.separate.conftest import RATE, song


def energy_above(waveform: np.ndarray, hertz: float, rate: int = RATE) -> float:
    spectrum = np.abs(np.fft.rfft(waveform, axis=0)) ** 2
    return float(spectrum[round(hertz * len(waveform) / rate) :].sum() / spectrum.sum())


@pytest.mark.parametrize("rate", [RATE, 8192, 192000, 8000])
@pytest.mark.parametrize("above", ["silence", "share"])
def test_pieces_are_the_same_as_the_whole(
    model: Model, monkeypatch: pytest.MonkeyPatch, rate: int, above: estimates.Above
) -> None:
    waveform = song(3 if rate > RATE else 6, rate)
    whole = model.separate(waveform, rate, {"tone": 1, "clicks": 0.5}, above)
    monkeypatch.setattr(estimates, "VALUES", 2 * rate)  # a second
    pieces = model.separate(waveform, rate, {"tone": 1, "clicks": 0.5}, above)
    assert np.abs(whole).max() > 0.05
    np.testing.assert_allclose(pieces, whole, atol=1e-5)


@pytest.mark.parametrize("overlap", [0.0, 0.3, 0.9])
def test_pieces_are_the_same_as_the_whole_whatever_the_overlap(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch, overlap: float
) -> None:
    model = cunet.load_model(model_folder, overlap)
    waveform = song(5)
    whole = model.separate(waveform, RATE, "tone")
    monkeypatch.setattr(estimates, "VALUES", RATE)
    np.testing.assert_allclose(model.separate(waveform, RATE, "tone"), whole, atol=1e-5)


@pytest.mark.parametrize("consistency", ["none", "ratio"])
def test_an_estimate_is_that_of_the_evaluation(
    model_folder: Path, prepared: Path, songs: Path, consistency: Consistency
) -> None:
    mixture = np.mean(
        [resample_source(songs / "test" / "song 0" / f"{name}.wav") for name in ("clicks", "noise", "tone")], axis=0
    )
    mixture = 3 * mixture
    separator = Separator(model_folder, 0.5)
    model = cunet.load_model(model_folder, consistency=consistency)
    track = TrackSpectrograms(prepared / "test" / "song 0.h5")
    masks = separator.masks(track, {"tone": model.condition("tone")}, consistency)
    settings = separator.architecture.spectrogram
    low = apply_masks(masks, resample(mixture, 22050, settings.sample_rate), settings)["tone"]
    expected = resample(low, settings.sample_rate, 22050)[: len(mixture)]
    np.testing.assert_allclose(model.separate(mixture, 22050, "tone", "silence"), expected, atol=1e-4)


def resample_source(path: Path) -> np.ndarray:
    from cunet.audio.reading import read_audio

    return read_audio(path)[0]


@pytest.mark.parametrize("rate", [RATE, 8192, 16000])
def test_stems_add_up_to_the_mixture(model: Model, rate: int) -> None:
    waveform = song(4, rate)
    stems = model.stems(waveform, rate)
    assert list(stems) == ["clicks", "noise", "tone"]
    np.testing.assert_allclose(sum(stems.values()), waveform, atol=1e-5)
    assert all(np.abs(stem).max() > 0.01 for stem in stems.values())


def test_stems_that_need_not_add_up_do_not(model_folder: Path) -> None:
    model = cunet.load_model(model_folder, consistency="none")
    waveform = song(4)
    assert np.abs(sum(model.stems(waveform, RATE).values()) - waveform).max() > 0.05


def test_above_the_band_is_silence_or_a_share(model: Model) -> None:
    waveform = song(4)
    silent, shared = (model.separate(waveform, RATE, "tone", above) for above in ("silence", "share"))
    assert energy_above(waveform, 5000) > 0.3
    assert energy_above(silent, 5000) < 1e-4
    assert energy_above(shared, 5000) > 0.1
    assert np.abs(shared).max() < 1.5 * np.abs(waveform).max()


def test_the_level_of_the_song_is_that_of_the_estimate(model: Model) -> None:
    waveform = song(3)
    loud, faint = model.separate(waveform, RATE, "noise"), model.separate(0.01 * waveform, RATE, "noise")
    np.testing.assert_allclose(100 * faint, loud, atol=1e-3)
