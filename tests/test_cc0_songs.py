"""Songs from the stems of an artist's repository."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from cunet.errors import UserError
from cunet.tracks.folder import tracks
from tests.sounds import encode
from tools import cc0_songs
from tools.cc0_songs import RATE, group_of, write_songs

SECONDS = 1.0


def tone(frequency: float, rate: int = RATE) -> np.ndarray:
    """With half a second of silence around it, in two channels."""
    time = np.arange(round(SECONDS * rate)) / rate
    waveform = 0.1 * np.sin(2 * np.pi * frequency * time)
    return np.pad(np.stack([waveform, waveform], axis=1), ((rate // 2, rate // 2), (0, 0)))


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cc0_songs, "SONGS", {"1.Hydrogen": "train"})
    folder = tmp_path / "clone" / "src" / "1.Hydrogen"
    folder.mkdir(parents=True)
    stems = {"VOX LEAD": 880, "BGVOX AAHH": 1760, "MAIN DRUMS": 220, "SY BASS": 110, "SY BASS_mobile": 3000}
    for name, frequency in stems.items():
        encode(tone(frequency), folder / f"1.Hydrogen_Stem_{name}.m4a", RATE)
    encode(tone(440, 24000), folder / "1.Hydrogen_Stem_BEEPS_mobile.m4a", 24000)
    return tmp_path / "clone"


def loudest(waveform: np.ndarray, count: int) -> list[int]:
    power = np.abs(np.fft.rfft(waveform.mean(axis=1) * np.hanning(len(waveform))))
    frequencies = np.fft.rfftfreq(len(waveform), 1 / RATE)
    found: list[int] = []
    for place in np.argsort(power)[::-1]:
        if all(abs(frequencies[place] - known) > 20 for known in found):
            found.append(round(frequencies[place]))
    return sorted(found[:count])


def test_stems_are_summed_by_their_names_and_silence_is_cut(clone: Path, tmp_path: Path) -> None:
    write_songs(clone, tmp_path / "songs")
    (track,) = tracks(tmp_path / "songs" / "train")
    assert track.name == "Software-Entwicklungskit - Hydrogen"
    waveforms = {name: soundfile.read(path)[0] for name, path in track.files.items()}
    assert sorted(waveforms) == ["drums", "other", "vocals"]
    expected = {"vocals": [880, 1760], "drums": [220], "other": [110, 440]}  # the full bass, and the small beeps
    for name, frequencies in expected.items():
        np.testing.assert_allclose(loudest(waveforms[name], len(frequencies)), frequencies, atol=3)
        assert len(waveforms[name]) == pytest.approx(SECONDS * RATE, abs=0.1 * RATE)
    assert np.abs(sum(waveforms.values())).max() == pytest.approx(0.89, abs=0.01)


def test_what_is_there_is_kept(clone: Path, tmp_path: Path) -> None:
    write_songs(clone, tmp_path / "songs")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "songs").rglob("*.flac")}
    write_songs(clone, tmp_path / "songs")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "songs").rglob("*.flac")} == times


def test_a_folder_without_stems_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no stems"):
        write_songs(tmp_path, tmp_path / "songs")
    assert not list((tmp_path / "songs").rglob("*"))


@pytest.mark.parametrize(
    ("song", "stem", "group"),
    [
        ("3.Sodium", "K & SN", "drums"),
        ("3.Sodium", "BUILD PRC", "drums"),
        ("4.Potassium", "BREAKBEAT", "drums"),
        ("4.Potassium", "BUILD", "other"),
        ("6.Caesium", "BUILD", "drums"),
        ("5.Rubidium", "MELODY BREAK", "other"),
        ("2.Lithium", "VOX ECHO", "vocals"),
    ],
)
def test_a_stem_counts_as_an_instrument(song: str, stem: str, group: str) -> None:
    assert group_of(song, stem) == group
