"""Index tables: which patches are trained and validated on."""

from pathlib import Path

from cunet.preprocess.indexes import read_index


def test_track_names_are_kept_to_the_letter(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text('track,frame\n007,0\nNA,0\n"x, y",0\n')
    assert read_index(tmp_path / "index.csv")["track"].tolist() == ["007", "NA", "x, y"]
