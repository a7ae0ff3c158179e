"""What DVC does not look at."""

import shutil
from pathlib import Path

from cunet.names import SCATTERED, is_scattered
from tests.conftest import ROOT
from tests.pipeline.workspace import Workspace

FILES = ("Thumbs.db", "ehthumbs.db", "desktop.ini", ".DS_Store", "._vocals.wav")
FOLDERS = (
    *("@eaDir", "@Recycle", "@tmp", "#recycle", "#snapshot", "$RECYCLE.BIN", "System Volume Information"),
    *("__MACOSX", "Network Trash Folder", "Temporary Items", "lost+found", "__pycache__", ".Trash-1000"),
)
TITLES = ("...And Justice for All", "downloads", "mlartifacts", "$5 for #1")


def test_what_systems_leave_is_no_change_and_titles_are(programs: Path, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, programs)
    shutil.copy(ROOT / ".dvcignore", tmp_path)
    track = tmp_path / "songs" / "track"
    track.mkdir(parents=True)
    (tmp_path / "dvc.yaml").write_text("stages: {copy: {cmd: echo, deps: [songs]}}")
    workspace.run("git", "init", "-q")
    workspace.run("dvc", "init", "-q")
    workspace.run("dvc", "repro")
    assert {name.casefold() for name in (*FILES, *FOLDERS)} >= SCATTERED
    for folder in (track.parent, track):
        for name in FILES:
            (folder / name).write_bytes(b"x")
        for name in FOLDERS:
            (folder / name).mkdir()
            (folder / name / "vocals.wav").write_bytes(b"x")
    assert all(map(is_scattered, (*FILES, *FOLDERS)))
    assert "up to date" in workspace.run("dvc", "status").stdout
    assert not any(map(is_scattered, TITLES))
    titled = [f"songs/{title}/vocals.wav" for title in TITLES]
    assert (
        workspace.run("dvc", "check-ignore", *titled, "songs/x.part/a.wav", check=False).stdout
        == "songs/x.part/a.wav\n"
    )
