"""Which patches are trained and validated on."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import soundfile

from cunet.errors import UserError
from cunet.params import Params
from cunet.preprocess.patches import build_indexes
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.preprocess.validation import validation_tracks
from cunet.preprocess.writing import write_track
from cunet.settings.patches import Patch, Validation
from cunet.tracks.track import FileTrack
from tests.datasets.musdb_trees import (
    SOURCES,
)


def test_no_track_is_trained_and_validated_on(prepared: Path, params: Params) -> None:
    for seed in range(5):
        training, validation = build_indexes(prepared / "train", params.patch, Validation(tracks=2, seed=seed))
        assert validation["track"].nunique() == 2
        assert not set(training["track"]) & set(validation["track"])


def test_the_seed_draws_and_names_choose(prepared: Path, params: Params) -> None:
    def held_out(validation: Validation) -> set[str]:
        return set(build_indexes(prepared / "train", params.patch, validation)[1]["track"])

    assert held_out(Validation(tracks=["song 1"], seed=0)) == {"song 1"}
    assert held_out(Validation(tracks=1, seed=3)) == held_out(Validation(tracks=1, seed=3))
    assert len({frozenset(held_out(Validation(tracks=1, seed=seed))) for seed in range(20)}) > 1


def test_every_frame_is_in_a_patch(prepared: Path, params: Params) -> None:
    training, validation = build_indexes(prepared / "train", params.patch, params.validation)
    for index, step in ((training, params.patch.step), (validation, params.patch.frames)):
        for name, rows in index.groupby("track"):
            track = TrackSpectrograms(prepared / "train" / f"{name}.h5")
            starts = rows["frame"].to_numpy()
            assert starts[0] == 0
            assert starts[-1] == track.frames - params.patch.frames
            assert 0 < np.diff(starts).min() <= np.diff(starts).max() <= step


def test_a_track_shorter_than_a_patch_is_kept(prepared: Path, tmp_path: Path, params: Params) -> None:
    for name in ("clicks", "noise", "tone"):
        soundfile.write(tmp_path / f"{name}.wav", np.ones(800) / 4, 8000)
    short = FileTrack("short", {name: tmp_path / f"{name}.wav" for name in ("clicks", "noise", "tone")})
    write_track(short, tmp_path / "short.h5", params.spectrogram)
    for path in (prepared / "train").glob("*.h5"):
        (tmp_path / path.name).symlink_to(path)
    training, _ = build_indexes(tmp_path, params.patch, Validation(tracks=["song 0"], seed=0))
    assert training[training["track"] == "short"]["frame"].tolist() == [0]


@pytest.mark.parametrize(
    ("tracks", "words"),
    [(3, "3 of 3"), (["song 9"], "song 9"), (["song 0", "song 1", "song 2"], "none to train on")],
)
def test_validation_tracks_that_cannot_be_are_refused(prepared: Path, tracks: int | list[str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        build_indexes(prepared / "train", Patch(frames=16, step=8), Validation(tracks=tracks, seed=0))


def test_the_hundred_training_tracks_are_split_by_the_official_list(tmp_path: Path, params: Params) -> None:
    official = validation_tracks("musdb18")
    assert len(official) == 14
    names = [*official, *(f"Band {number} - Song" for number in range(86))]
    with h5py.File(tmp_path / f"{names[0]}.h5", "w") as file:
        for source in ("mixture", *(f"sources/{name}" for name in SOURCES)):
            file[source] = np.zeros((20, 129), np.complex64)
        file.attrs.update({"samples": 4000, "peak": 1.0, "sha256": ""})
    for name in names[1:]:
        (tmp_path / f"{name}.h5").hardlink_to(tmp_path / f"{names[0]}.h5")
    drawn = Validation(tracks=4, seed=0)
    training, validation = build_indexes(tmp_path, params.patch, drawn, official)
    assert set(validation["track"]) == set(official)
    assert set(training["track"]) == set(names) - set(official)
    assert training["track"].nunique() == 86
    more = Validation(tracks=["Band 1 - Song"], seed=0)
    _, validation = build_indexes(tmp_path, params.patch, more, official)
    assert set(validation["track"]) == {*official, "Band 1 - Song"}
