"""A voice that sings notes on vowels, with consonants, breath, pauses and a room: source and filter (Fant, 1960).

The recorded voices of a General MIDI SoundFont hold vowels alone. Of recorded singing, two fifths of the frames have no
pitch, and the voice pauses for half of the time (`benchmarks/voices.py`).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d
from scipy.signal import ShortTimeFFT, fftconvolve, lfilter
from scipy.signal.windows import hann

if TYPE_CHECKING:
    from pretty_midi import Note

Values = npt.NDArray[np.float64]
Rng = np.random.Generator

# Hz of the first four formants of a man's vowels (after Peterson & Barney, 1952), and their bandwidths.
VOWELS = (
    (730, 1090, 2440, 3400),
    (530, 1840, 2480, 3500),
    (270, 2290, 3010, 3700),
    (570, 840, 2410, 3300),
    (300, 870, 2240, 3300),
    (660, 1720, 2410, 3400),
    (490, 1350, 1690, 3300),
)
BANDWIDTHS = (130, 150, 200, 280)
SHORTEST = 0.1  # seconds of a note before the end, or it is left out
CONTROL = 200  # Hz, of pitch, loudness and vowels
PHRASE_GAP, PAUSE = 0.2, 0.45  # seconds between two phrases at least; share of the phrases that are left out
CONSONANTS = 0.75  # share of the notes that begin with one


def sing(notes: "Sequence[Note]", samples: int, rate: int, rng: Rng) -> Values:
    """One voice `(samples,)` singing notes, one at a time; its level is arbitrary.

    Args:
        notes: with start and end in seconds, MIDI pitch and velocity.
        samples: length.
        rate: in Hz.
        rng: draws the singer, words, pauses and the room.
    """
    frames = -(-samples * CONTROL // rate) + 1
    inside = [note for note in notes if note.start < samples / rate - SHORTEST]
    sung = _phrases(sorted(inside, key=lambda note: note.start), rng)
    pitch, loudness, noise = _score(sung, frames, rng)
    man = rng.random() < 0.5
    pitch, size = (pitch / 2, rng.uniform(0.95, 1.05)) if man else (pitch, rng.uniform(1.12, 1.25))
    vowels = _vowels(sung, frames, rng) * size
    time, control = np.arange(samples) / rate, np.arange(frames) / CONTROL
    pulses = _pulses(np.interp(time, control, pitch), rate)
    breath = 10 ** rng.uniform(-1.3, -0.4) * rng.standard_normal(samples)
    voiced = _filter((pulses + breath) * np.interp(time, control, loudness), vowels, rate)
    voice = voiced / (np.abs(voiced).max() + 1e-9) + _consonants(noise, samples, rate, rng)
    return _room(voice, rate, rng)


def _phrases(notes: "Sequence[Note]", rng: Rng) -> "list[Note]":
    """The notes without those of some phrases."""
    kept: list[Note] = []
    sings, end = True, 0.0
    for note in notes:
        if note.start - end > PHRASE_GAP or rng.random() < 0.1:
            sings = rng.random() >= PAUSE
        if sings:
            kept.append(note)
        end = note.end
    return kept or list(notes[:1])


def _score(notes: "Sequence[Note]", frames: int, rng: Rng) -> tuple[Values, Values, list[tuple[float, float, float]]]:
    """Pitch in Hz and loudness of every control frame; start, seconds and loudness of every consonant."""
    midi, loudness = np.zeros(frames), np.zeros(frames)
    consonants = []
    rate, depth = rng.uniform(4.8, 6.5), rng.uniform(0, 0.35)
    for note in notes:
        first, last = round(note.start * CONTROL), min(frames, round(note.end * CONTROL))
        if last - first < 4:
            continue
        length = (last - first) / CONTROL
        unvoiced = min(rng.uniform(0.04, 0.2), length / 2) if rng.random() < CONSONANTS else 0.0
        if unvoiced:
            consonants.append((note.start, unvoiced, note.velocity / 127 * rng.uniform(0.1, 0.6)))
        midi[first:last] = note.pitch
        after = np.arange(last - first) / CONTROL
        midi[first:last] += depth * np.clip((after - 0.3) / 0.4, 0, 1) * np.sin(2 * np.pi * rate * after)
        held = np.clip((after - unvoiced) / 0.03, 0, 1) * np.clip((length - after) / rng.uniform(0.05, 0.2), 0, 1)
        loudness[first:last] = np.maximum(loudness[first:last], note.velocity / 127 * held)
    sounding = np.flatnonzero(midi)
    if len(sounding):
        midi = np.interp(np.arange(frames), sounding, midi[sounding])
    midi = gaussian_filter1d(midi, rng.uniform(3, 8))  # a slide from note to note
    midi += gaussian_filter1d(rng.standard_normal(frames), 12) * 0.5  # nobody holds a pitch to the cent
    pitch: Values = 440 * 2 ** ((midi - 69) / 12)
    return pitch, np.asarray(gaussian_filter1d(loudness, 2)), consonants


def _vowels(notes: "Sequence[Note]", frames: int, rng: Rng) -> Values:
    """Formants `(4, frames)`: another vowel with every note."""
    onsets, chosen = [0.0], [VOWELS[rng.integers(len(VOWELS))]]
    for note in notes:
        onsets.append(note.start * CONTROL)
        chosen.append(VOWELS[rng.integers(len(VOWELS))])
    place = np.searchsorted(onsets, np.arange(frames), side="right") - 1
    return np.asarray(gaussian_filter1d(np.array(chosen, float)[place].T, 6, axis=1))


def _pulses(pitch: Values, rate: int) -> Values:
    """A sawtooth without its aliases (polyBLEP), softened like the pulses of vocal folds."""
    step = pitch / rate
    phase = np.cumsum(step) % 1
    saw = 2 * phase - 1
    early, late = phase < step, phase > 1 - step
    x = phase[early] / step[early]
    saw[early] -= 2 * x - x**2 - 1
    x = (phase[late] - 1) / step[late]
    saw[late] -= x**2 + 2 * x + 1
    return np.asarray(lfilter([0.25], [1, -0.75], saw))


def _filter(source: Values, formants: Values, rate: int) -> Values:
    """The source through resonators whose frequencies `(4, control frames)` move."""
    transform = ShortTimeFFT(hann(1024, sym=False), 256, rate)
    spectrum = transform.stft(source)
    times = transform.t(len(source))
    frequencies = transform.f[:, None]
    gain = np.ones_like(spectrum.real)
    for formant, bandwidth in zip(formants, BANDWIDTHS, strict=True):
        centre = np.interp(times, np.arange(len(formant)) / CONTROL, formant)
        gain /= np.sqrt((1 - (frequencies / centre) ** 2) ** 2 + (frequencies * bandwidth / centre**2) ** 2)
    return np.asarray(transform.istft(spectrum * np.minimum(gain, 30), k1=len(source)))


def _consonants(consonants: list[tuple[float, float, float]], samples: int, rate: int, rng: Rng) -> Values:
    """Bursts of noise, each in a band of its own."""
    noise = np.zeros(samples)
    for start, seconds, loudness in consonants:
        first, length = round(start * rate), round(seconds * rate)
        last = min(samples, first + length)
        if last - first < 64:
            continue
        burst = np.fft.rfft(rng.standard_normal(last - first))
        frequencies = np.fft.rfftfreq(last - first, 1 / rate)
        centre = np.exp(rng.uniform(np.log(1200), np.log(8000)))
        burst *= np.exp(-0.5 * (np.log2(np.maximum(frequencies, 1) / centre) / rng.uniform(0.4, 1.0)) ** 2)
        shaped = np.fft.irfft(burst, last - first) * np.hanning(last - first) ** rng.uniform(0.3, 1.0)
        noise[first:last] += loudness * shaped / (np.abs(shaped).max() + 1e-9)
    return noise


def _room(voice: Values, rate: int, rng: Rng) -> Values:
    """The voice with reverberation, drier or wetter."""
    seconds, wet = rng.uniform(0.3, 1.6), 10 ** (rng.uniform(-22, -6) / 20)
    time = np.arange(round(seconds * rate)) / rate
    tail = rng.standard_normal(len(time)) * 10 ** (-3 * time / seconds)
    tail *= wet / np.sqrt((tail**2).sum())
    return np.asarray(voice + fftconvolve(voice, tail)[: len(voice)])
