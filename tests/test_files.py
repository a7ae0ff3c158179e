"""What an interrupted stage goes on with, and what it does not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from cunet.files import identity
from tests.conftest import ROOT


def test_a_stage_goes_on_after_edits_that_do_not_concern_it(tmp_path: Path) -> None:
    for name in ("cunet", "stages"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "dvc.yaml", tmp_path)

    def identity_after_an_edit_of(name: str) -> str:
        with (tmp_path / name).open("a") as file:
            file.write("\n# edited\n")
        code = "from cunet.files import identity; print(identity('train', 'settings'))"
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout

    first = identity_after_an_edit_of("cunet/progress.py")
    assert identity_after_an_edit_of("cunet/tracking/training.py") == first
    assert identity_after_an_edit_of("cunet/evaluation/protocols.py") == first
    assert identity_after_an_edit_of("cunet/train/batches.py") != first


def test_more_tracks_than_the_system_allows_are_one_line() -> None:
    script = (
        "import resource; from cunet.cli import run; from cunet.files import allow_open_files\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300)); run(lambda: allow_open_files(100))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    line = "100 tracks are open at once, and this system allows 300 open files: raise the limit to 356 (ulimit -Hn)"
    assert (done.returncode, done.stderr) == (1, f"error: {line}\n")


def test_a_name_that_is_not_utf8_has_an_identity(tmp_path: Path) -> None:
    """`download` asks for it before it looks at the names."""
    (tmp_path / os.fsdecode(b"caf\xe9")).touch()
    before = identity("download", inputs=[tmp_path])
    (tmp_path / os.fsdecode(b"caf\xe9")).write_text("y")
    assert identity("download", inputs=[tmp_path]) != before
