"""The composed voice."""

import numpy as np
import pytest
from pretty_midi import Note

from cunet.datasets import singer
from cunet.datasets.singer import sing

RATE = 16000


def melody(count: int = 12, gap: float = 0.5, pitch: int = 69) -> list[Note]:
    """Notes of 0.8 s with pauses between them."""
    return [Note(100, pitch, start, start + 0.8) for start in np.arange(count) * (0.8 + gap)]


def voice(notes: list[Note], seconds: float, seed: int = 0) -> np.ndarray:
    return sing(notes, round(seconds * RATE), RATE, np.random.default_rng(seed))


def spectrum(waveform: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.fft.rfftfreq(len(waveform), 1 / RATE), np.abs(np.fft.rfft(waveform * np.hanning(len(waveform)))) ** 2


@pytest.mark.parametrize("seed", range(4))
def test_a_note_is_sung_at_its_pitch_or_an_octave_below(seed: int) -> None:
    waveform = voice(melody(1), 1.0, seed)
    assert waveform.shape == (RATE,)
    frequencies, power = spectrum(waveform[round(0.4 * RATE) : round(0.7 * RATE)])
    harmonic = np.min(np.abs(frequencies[:, None] / 220 - np.arange(1, 40)) * 220, axis=1) < 25
    assert power[harmonic].sum() > 0.6 * power.sum()  # of noise, less than a quarter of the power lies there


def test_consonants_begin_notes_with_sound_above_the_vowels(monkeypatch: pytest.MonkeyPatch) -> None:
    shares = {}
    for share in (0.0, 1.0):
        monkeypatch.setattr(singer, "CONSONANTS", share)
        begins = [voice(melody(1), 1.0, seed)[: round(0.04 * RATE)] for seed in range(20)]
        high = [power[frequencies > 2500].sum() / power.sum() for frequencies, power in map(spectrum, begins)]
        shares[share] = np.median(high)
    assert shares[1.0] > 3 * shares[0.0]


def test_the_voice_pauses_for_whole_phrases() -> None:
    notes = melody(40)
    waveform = voice(notes, 55.0)
    levels = np.array([waveform[round(n.start * RATE) : round(n.end * RATE)].std() for n in notes])
    silent = levels < 0.1 * levels.max()
    assert 0.2 < silent.mean() < 0.8


def test_the_same_seed_sings_the_same_and_another_does_not() -> None:
    np.testing.assert_array_equal(voice(melody(4), 6.0), voice(melody(4), 6.0))
    assert np.abs(voice(melody(4), 6.0) - voice(melody(4), 6.0, seed=1)).max() > 0.1


@pytest.mark.parametrize("notes", [[], [Note(100, 69, 0.0, 0.01)], [Note(100, 69, 5.0, 6.0)]])
def test_hardly_any_note_is_no_crash(notes: list[Note]) -> None:
    waveform = voice(notes, 1.0)
    assert waveform.shape == (RATE,)
    assert np.isfinite(waveform).all()
