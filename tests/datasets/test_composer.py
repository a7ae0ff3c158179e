"""Songs composed from a random generator."""

from typing import Any

import numpy as np
import pytest

from cunet.datasets.composer import PARTS, SCALES, Song, compose

SECONDS = 40.0
SEEDS = range(8)


def notes(seed: int, seconds: float = SECONDS) -> dict[str, list[tuple[Any, ...]]]:
    """Program, pitch, start, end and velocity of every note, by part."""
    scores = compose(np.random.default_rng(seed), seconds)
    return {
        part: [
            (instrument.program, note.pitch, note.start, note.end, note.velocity)
            for instrument in score.instruments
            for note in instrument.notes
        ]
        for part, score in scores.items()
    }


def test_a_song_follows_from_its_generator() -> None:
    assert notes(0) == notes(0)
    assert notes(0) != notes(1)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_part_plays_to_the_end_and_only_drums_are_drums(seed: int) -> None:
    scores = compose(np.random.default_rng(seed), SECONDS)
    assert list(scores) == ["drums", "bass", "other", "vocals"] == list(PARTS)
    for part, score in scores.items():
        assert all(instrument.is_drum == (part == "drums") for instrument in score.instruments)
        bar = 4 * 60 / score.get_tempo_changes()[1][0]
        assert SECONDS - 2 * bar < score.get_end_time() < SECONDS + 2 * bar


@pytest.mark.parametrize("seed", SEEDS)
def test_all_parts_are_in_one_key(seed: int) -> None:
    found = notes(seed)
    pitches = {pitch % 12 for part in ("bass", "other", "vocals") for _, pitch, *_ in found[part]}
    keys = [{(tonic + step) % 12 for step in scale} for scale in SCALES.values() for tonic in range(12)]
    assert any(pitches <= key for key in keys)


@pytest.mark.parametrize("seed", SEEDS)
def test_vocals_come_in_after_an_introduction_of_a_bar_in_a_long_song(seed: int) -> None:
    scores = compose(np.random.default_rng(seed), SECONDS)
    bar = 4 * 60 / scores["vocals"].get_tempo_changes()[1][0]
    starts = {part: min(start for _, _, start, *_ in own) for part, own in notes(seed).items()}
    assert starts["vocals"] > bar - 0.1
    assert min(starts.values()) < bar / 2
    assert min(start for _, _, start, *_ in notes(seed, 2.0)["vocals"]) < 2


def test_degrees_of_a_scale_go_up_by_octaves_from_the_lowest_pitch() -> None:
    song = Song(tempo=120, tonic=2, scale=SCALES["major"], progression=(0, 4), bars=4, rests={"bass": {1}})
    assert [song.pitch(degree, 30) for degree in range(8)] == [38, 40, 42, 43, 45, 47, 49, 50]  # D major from D2
    assert song.pitch(-7, 30) == 26
    assert (song.chord(0, 3), song.chord(3, 4)) == ([0, 2, 4], [4, 6, 8, 10])
    assert song.playing("bass") == [0, 2, 3]
    assert song.step == 0.125
