"""Songs composed with a random generator, as General MIDI: one score each for drums, bass, other and vocals."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from pretty_midi import ControlChange, Instrument, Note, PitchBend, PrettyMIDI

Rng = np.random.Generator
BEATS = 4  # per bar
STEPS = 16  # per bar
PAN, VOLUME = 10, 7  # MIDI controllers
BEND_PER_SEMITONE = 8192 / 2  # the bend range of General MIDI is two semitones

SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10), "dorian": (0, 2, 3, 5, 7, 9, 10)}
# Degrees of the scale, one chord per bar.
PROGRESSIONS = ((0, 4, 5, 3), (0, 5, 3, 4), (5, 3, 0, 4), (0, 3, 4, 3), (0, 6, 5, 4), (0, 2, 3, 4), (0, 5, 1, 4))
KITS = (0, 8, 16, 24, 25, 40)  # standard, room, power, electronic, TR-808, brush
KICK, SNARE, RIM, CLAP, CLOSED, OPEN, RIDE, CRASH, TOMS = 36, 38, 37, 39, 42, 46, 51, 49, (50, 47, 45, 43)
# One character per sixteenth: x is a note, o an open or soft one.
KICKS = ("x.......x.......", "x.....x.x.......", "x..x..x...x.....", "x...x...x...x...", "x.x.......x..x..")
SNARES = ("....x.......x...", "....x..o....x..o", "........x.......", "....x.......x.x.")
HATS = ("x.x.x.x.x.x.x.x.", "xoxoxoxoxoxoxoxo", "x...x...x...x...", "x.x.x.o.x.x.x.o.", "..x...x...x...x.")
BASSES = (32, 33, 34, 35, 36, 38, 39)
BASS_RHYTHMS = ("x.......x.......", "x.x.x.x.x.x.x.x.", "x..x..x.x..x..x.", "x.....x.x.x.....", "x...x...x...x...")
# Program, and lowest note of its register.
ACCOMPANIMENTS = (
    (0, 55), (2, 55), (4, 52), (6, 55), (11, 64), (12, 60), (16, 52), (19, 48), (21, 52), (24, 48), (25, 48), (26, 48),
    (27, 48), (28, 48), (30, 43), (46, 55), (48, 52), (50, 52), (61, 52), (62, 52), (63, 52), (80, 60), (88, 52),
    (90, 52),
)  # fmt: skip
VOICES = (52, 53, 54, 85, 91)  # choir aahs, voice oohs, synth voice, lead voice, choir pad
PHRASES = ("x..x..x.x...x...", "x.x.x...x.x.....", "..x.x.x.x...x...", "x...x.x...x.....", "x.....x.x..x....")


@dataclass(frozen=True)
class Song:
    """What all parts of a song share: tempo in beats per minute, key, chords, and the bars in which each part rests."""

    tempo: float
    tonic: int
    scale: tuple[int, ...]
    progression: tuple[int, ...]
    bars: int
    rests: dict[str, set[int]] = field(default_factory=dict)

    @property
    def step(self) -> float:
        """Length of a sixteenth in seconds."""
        return 60 / self.tempo * BEATS / STEPS

    def pitch(self, degree: int, lowest: int) -> int:
        """MIDI pitch of a degree of the scale; the first degree is the lowest one at or above `lowest`."""
        octave, place = divmod(degree, len(self.scale))
        return lowest + (self.tonic + self.scale[0] - lowest) % 12 + self.scale[place] + 12 * octave

    def chord(self, bar: int, size: int) -> list[int]:
        """Degrees of a bar's chord: its root, third, fifth, and further thirds."""
        root = self.progression[bar % len(self.progression)]
        return [root + 2 * third for third in range(size)]

    def playing(self, part: str) -> list[int]:
        """Bars in which a part plays."""
        return [bar for bar in range(self.bars) if bar not in self.rests[part]]


def compose(rng: Rng, seconds: float) -> dict[str, PrettyMIDI]:
    """One score per stem of a song of at least `seconds`."""
    song = _plan(rng, seconds)
    scores = {}
    for part, write in PARTS.items():
        scores[part] = PrettyMIDI(initial_tempo=song.tempo)
        scores[part].instruments = write(song, rng)
    return scores


def _plan(rng: Rng, seconds: float) -> Song:
    tempo = float(rng.uniform(78, 150))
    bars = int(np.ceil(seconds / (60 / tempo * BEATS)))
    rests: dict[str, set[int]] = {part: set() for part in PARTS}
    if bars >= 8:  # an introduction without vocals, and a break of one other part
        rests["vocals"] = {0}
        rests[str(rng.choice(["drums", "bass", "other"]))] = {int(rng.integers(bars // 2, bars - 1))}
    return Song(
        tempo=tempo,
        tonic=int(rng.integers(12)),
        scale=SCALES[str(rng.choice(sorted(SCALES)))],
        progression=PROGRESSIONS[rng.integers(len(PROGRESSIONS))],
        bars=bars,
        rests=rests,
    )


def _instrument(rng: Rng, program: int, width: float, is_drum: bool = False) -> Instrument:
    """An instrument panned at random within `width` of the centre (0: centre, 1: anywhere)."""
    instrument = Instrument(program, is_drum=is_drum)
    pan = 64 + 63 * width * rng.uniform(-1, 1)
    instrument.control_changes = [ControlChange(PAN, round(pan), 0), ControlChange(VOLUME, 110, 0)]
    return instrument


def _play(instrument: Instrument, rng: Rng, pitch: int, start: float, length: float, velocity: float) -> None:
    """Add a note with small random deviations of time and velocity, as in human playing."""
    start = max(0.0, start + rng.normal(0, 0.006))
    loudness = int(np.clip(velocity + rng.normal(0, 6), 20, 127))
    instrument.notes.append(Note(loudness, pitch, start, start + max(length, 0.05)))


def _drums(song: Song, rng: Rng) -> list[Instrument]:
    kit = _instrument(rng, int(rng.choice(KITS)), 0.0, is_drum=True)
    kick, snare, hat = (str(rng.choice(patterns)) for patterns in (KICKS, SNARES, HATS))
    cymbal, back = int(rng.choice([CLOSED, CLOSED, RIDE])), int(rng.choice([SNARE, SNARE, RIM, CLAP]))
    for bar in song.playing("drums"):
        fill = bar % 4 == 3 and rng.random() < 0.7
        for step in range(STEPS):
            at = (bar * STEPS + step) * song.step
            if fill and step >= STEPS - 4:
                _play(kit, rng, TOMS[step % 4], at, song.step, 95)
                continue
            if kick[step] == "x":
                _play(kit, rng, KICK, at, song.step, 105)
            if snare[step] != ".":
                _play(kit, rng, back, at, song.step, 105 if snare[step] == "x" else 55)
            if hat[step] != ".":
                _play(kit, rng, OPEN if hat[step] == "o" and cymbal == CLOSED else cymbal, at, song.step, 75)
        if bar % 8 == 0:
            _play(kit, rng, CRASH, bar * STEPS * song.step, 1.0, 90)
    return [kit]


def _bass(song: Song, rng: Rng) -> list[Instrument]:
    bass = _instrument(rng, int(rng.choice(BASSES)), 0.15)
    rhythm = str(rng.choice(BASS_RHYTHMS))
    onsets = [step for step in range(STEPS) if rhythm[step] == "x"]
    lowest = int(rng.integers(28, 34))
    for bar in song.playing("bass"):
        root, _, fifth = song.chord(bar, 3)
        for onset, following in zip(onsets, [*onsets[1:], STEPS], strict=True):
            degree = root if onset == 0 else int(rng.choice([root, root, root, fifth, root + 7]))
            length = (following - onset) * song.step * rng.uniform(0.75, 0.95)
            _play(bass, rng, song.pitch(degree, lowest), (bar * STEPS + onset) * song.step, length, 100)
    return [bass]


def _other(song: Song, rng: Rng) -> list[Instrument]:
    count = int(rng.integers(1, 4))
    chosen = rng.choice(len(ACCOMPANIMENTS), count, replace=False)
    return [_accompany(song, rng, *ACCOMPANIMENTS[number]) for number in chosen]


def _accompany(song: Song, rng: Rng, program: int, lowest: int) -> Instrument:
    instrument = _instrument(rng, program, 0.8)
    style, size = str(rng.choice(["held", "strummed", "arpeggio"])), int(rng.integers(3, 5))
    rhythm = str(rng.choice(BASS_RHYTHMS))
    for bar in song.playing("other"):
        pitches = [song.pitch(degree, lowest) for degree in song.chord(bar, size)]
        start = bar * STEPS * song.step
        if style == "arpeggio":
            for number in range(STEPS // 2):
                _play(instrument, rng, pitches[number % size], start + 2 * number * song.step, 2 * song.step, 80)
            continue
        onsets = [0] if style == "held" else [step for step in range(STEPS) if rhythm[step] == "x"]
        for onset, following in zip(onsets, [*onsets[1:], STEPS], strict=True):
            for number, pitch in enumerate(pitches):
                at = start + onset * song.step + (number * 0.012 if style == "strummed" else 0)
                _play(instrument, rng, pitch, at, (following - onset) * song.step * 0.95, 78)
    return instrument


def _vocals(song: Song, rng: Rng) -> list[Instrument]:
    lowest = int(rng.integers(57, 66))
    melody = _melody(song, rng)
    voices = [_sing(song, rng, melody, lowest, harmony=0)]
    if rng.random() < 0.5:  # a second voice, a third above or an octave below
        voices.append(_sing(song, rng, melody, lowest, harmony=int(rng.choice([2, -7]))))
    return voices


def _melody(song: Song, rng: Rng) -> list[tuple[int, int, int]]:
    """Onset and length in sixteenths, and degree: steps along the scale, chord tones on strong beats."""
    notes, degree = [], int(rng.integers(0, 5))
    phrases = [str(rng.choice(PHRASES)) for _ in range(2)]
    for bar in song.playing("vocals"):
        phrase = phrases[bar % 2]
        onsets = [step for step in range(STEPS) if phrase[step] == "x"]
        breath = STEPS - 2 if bar % 2 else STEPS
        for onset, following in zip(onsets, [*onsets[1:], breath], strict=True):
            degree = int(np.clip(degree + rng.choice([-2, -1, -1, 0, 1, 1, 2]), -2, 9))
            if onset % (STEPS // 2) == 0:
                degree = min((tone + 7 * octave for tone in song.chord(bar, 3) for octave in (-1, 0, 1)),
                             key=lambda tone: abs(tone - degree))  # fmt: skip
            notes.append((bar * STEPS + onset, following - onset, degree))
    return notes


def _sing(song: Song, rng: Rng, melody: list[tuple[int, int, int]], lowest: int, harmony: int) -> Instrument:
    """A voice with a slide into each note and a delayed vibrato."""
    voice = _instrument(rng, int(rng.choice(VOICES)), 0.2 if harmony == 0 else 0.5)
    rate, depth = rng.uniform(4.8, 6.5), rng.uniform(0.2, 0.5)
    velocity = 105 if harmony == 0 else 80
    for onset, steps, degree in melody:
        start, length = onset * song.step, steps * song.step * 0.97
        _play(voice, rng, song.pitch(degree + harmony, lowest), start, length, velocity)
        slide = rng.uniform(-0.8, 0.2)
        for at in np.arange(0, length, 0.02):
            vibrato = depth * np.clip((at - 0.15) / 0.3, 0, 1) * np.sin(2 * np.pi * rate * at)
            bend = slide * np.exp(-at / 0.05) + vibrato
            voice.pitch_bends.append(PitchBend(round(np.clip(bend * BEND_PER_SEMITONE, -8192, 8191)), start + at))
    return voice


PARTS: dict[str, Callable[[Song, Rng], list[Instrument]]] = {
    "drums": _drums,
    "bass": _bass,
    "other": _other,
    "vocals": _vocals,
}
