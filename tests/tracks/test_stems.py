"""Tracks that are stem files, in the real format."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import stempeg

from cunet.errors import UserError
from cunet.tracks.reading import read_tracks
from tests.datasets.musdb_trees import (
    NAMES,
    RATE,
    SOURCES,
    VALIDATION,
    stems,
    write_stem_file,
)


def test_stems_are_decoded_each_to_its_own_source(stem_tree: Path) -> None:
    (track, *others) = read_tracks(stem_tree / "train")
    assert track.name == VALIDATION
    assert [other.name for other in others] == sorted(NAMES["train"])[1:]
    assert track.instruments == tuple(sorted(SOURCES))
    truth = dict(zip(("mixture", *SOURCES), stems(1, 4), strict=True))
    for source, expected in truth.items():
        waveform, rate = track.read(source)
        assert rate == RATE
        assert waveform.dtype == np.float32
        assert waveform.shape[1] == 2
        length = min(len(waveform), len(expected))
        assert abs(len(waveform) - len(expected)) < 2048
        error = np.sum((waveform[:length] - expected[:length]) ** 2) / np.sum(expected**2)
        assert error < 0.1, source  # AAC is lossy


def test_a_stem_file_cut_in_the_middle_is_no_silence(tmp_path: Path) -> None:
    """ffmpeg decodes what there is, and stempeg does not look at its exit status."""
    path = tmp_path / "train" / "A - B.stem.mp4"
    write_stem_file(path, stems(0, 10))
    subprocess.run(
        [
            "ffmpeg",
            "-v",
            "error",
            "-y",
            "-i",
            path,
            "-map",
            "0",
            "-c",
            "copy",
            "-movflags",
            "faststart",
            path.with_name("f.mp4"),
        ],
        check=True,
    )
    whole = path.with_name("f.mp4").read_bytes()
    path.with_name("f.mp4").unlink()
    path.write_bytes(whole[: len(whole) // 2])
    (track,) = read_tracks(path.parent)
    with pytest.raises(UserError, match=r"A - B\.stem\.mp4: is damaged: only .* of 10\.0 s of drums"):
        track.read("drums")


def test_what_is_no_stem_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    path = tmp_path / "train" / "A - B.stem.mp4"
    path.write_bytes(b"no media")
    with pytest.raises(UserError, match="A - B"):
        read_tracks(path.parent)
    stempeg.write_stems(str(path), stems(0, 1)[:3], RATE, writer=stempeg.StreamsWriter(codec="aac"))
    with pytest.raises(UserError, match="3 audio streams instead of 5"):
        read_tracks(path.parent)
