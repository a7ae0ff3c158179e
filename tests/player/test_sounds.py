"""What the player is given."""

import numpy as np

from cunet.player.sounds import COLUMNS, Player, Sound, Source, peaks


def test_peaks_are_the_largest_magnitudes_in_thousandths_of_full_scale() -> None:
    waveform = np.zeros((10 * COLUMNS, 2), np.float32)
    waveform[5], waveform[-1, 1] = 0.25, -0.5
    found = peaks(len(waveform), lambda start, stop: waveform[start:stop])
    assert found == [250, *[0] * (COLUMNS - 2), 500]


def test_a_sound_shorter_than_the_columns_has_a_peak_per_sample() -> None:
    waveform = np.array([0.1, -0.2, 0.3], np.float32)
    assert peaks(3, lambda start, stop: waveform[start:stop]) == [100, 200, 300]


def test_the_data_of_a_player_are_plain() -> None:
    player = Player("song", 2.0, 8000, {"": [Sound("mixture", [(0, 1.0)], [1])]}, [Source("a.flac", [0, 7])])
    data = player.data()
    assert data["sources"] == [{"address": "a.flac", "pieces": [0, 7]}]
    assert data["targets"][""][0]["parts"] == [(0, 1.0)]
