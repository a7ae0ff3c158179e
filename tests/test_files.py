"""What an interrupted stage goes on with, and what it does not."""

import shutil
import subprocess
import sys
from pathlib import Path

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
