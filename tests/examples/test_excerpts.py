"""The middle of a track, under a mask or as it is."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from cunet.examples.excerpts import excerpt, read_sound, truth, write_sound
from cunet.params import Params
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.signals.stft import istft
from tests.conftest import CONDITIONS


@pytest.mark.parametrize("seconds", [1.0, 60.0])
def test_an_excerpt_is_the_middle_of_the_track_or_all_of_a_shorter_one(
    params: Params, track: TrackSpectrograms, seconds: float
) -> None:
    whole = istft(track.mixture(), track.samples, params.spectrogram)
    found = excerpt(track, 1, params.spectrogram, seconds)
    length = min(8192, track.samples) if seconds == 1 else track.samples
    start = (track.samples - length) // 2
    np.testing.assert_array_equal(found, whole[start : start + length])
    np.testing.assert_allclose(excerpt(track, 0.5, params.spectrogram, seconds), 0.5 * found, atol=1e-6)


def test_the_reference_of_a_condition_is_the_weighted_sum_of_its_sources(
    params: Params, track: TrackSpectrograms
) -> None:
    found = truth(track, CONDITIONS, params.spectrogram, 1.0)
    assert list(found) == ["mixture", "reference"]
    assert list(found["mixture"]) == list(found["reference"]) == list(CONDITIONS)
    references = found["reference"]
    np.testing.assert_allclose(
        references["0.5 clicks+tone"], 0.5 * references["clicks"] + references["tone"], atol=1e-6
    )
    np.testing.assert_allclose(references["all"], found["mixture"]["all"], atol=1e-5)
    assert np.abs(references["clicks"] - references["tone"]).max() > 0.1


def test_sound_is_kept_with_16_bits_and_what_exceeds_full_scale_is_clipped(tmp_path: Path) -> None:
    path = tmp_path / "song" / "bass" / "unet.flac"
    write_sound(np.array([0, 0.5, -0.25, 1.5, -1.5], np.float32), 8192, path)
    assert soundfile.info(path).samplerate == 8192
    assert soundfile.info(path).subtype == "PCM_16"
    np.testing.assert_allclose(read_sound(path), [0, 0.5, -0.25, 1, -1], atol=1e-4)
