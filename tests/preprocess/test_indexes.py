"""Index tables: which patches are trained and validated on."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from cunet.errors import UserError
from cunet.params import Params
from cunet.preprocess.indexes import read_index
from cunet.preprocess.patches import build_indexes
from cunet.preprocess.spectrogram import TrackSpectrograms
from cunet.preprocess.writing import write_track
from cunet.settings.patches import Patch, Validation
from cunet.tracks.track import FileTrack


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


def test_track_names_are_kept_to_the_letter(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text('track,frame\n007,0\nNA,0\n"x, y",0\n')
    assert read_index(tmp_path / "index.csv")["track"].tolist() == ["007", "NA", "x, y"]
