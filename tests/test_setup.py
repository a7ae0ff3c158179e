"""The first command: pinned locks, and messages where something is missing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

TOOLS = ("sh", "cat", "cmp", "cp", "env", "grep", "id", "mkdir", "rm", "sed")


def pins(name: str) -> dict[str, str]:
    text = (ROOT / "locks" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9][\w.-]*)==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", ["base", "dev", "cuda"])
def test_a_lock_pins_everything_with_hashes_and_names_no_host(name: str) -> None:
    text = (ROOT / "locks" / f"{name}.txt").read_text()
    requirements = [line for line in text.splitlines() if re.match(r"[a-z0-9]", line)]
    assert len(requirements) > 100
    assert all("==" in line and line.endswith("\\") for line in requirements)
    assert text.count("--hash=sha256:") >= len(requirements)
    assert "://" not in text
    assert "index" not in text.replace("indexed", "")


@pytest.mark.parametrize("name", ["dev", "cuda"])
def test_every_lock_holds_what_base_holds(name: str) -> None:
    assert pins("base").items() <= pins(name).items()


def set_up(tmp_path: Path, *programs: Path, lock: str = "base") -> subprocess.CompletedProcess[str]:
    """Run the set-up in a copy of the tree, on a machine that has the given programs and no package manager."""
    tree, path = tmp_path / "tree", tmp_path / "bin"
    path.mkdir()
    for program in [*(Path(str(shutil.which(tool))) for tool in TOOLS), *programs]:
        (path / program.name).symlink_to(program)
    for name in ("tools", "locks", "pyproject.toml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        tree.mkdir(exist_ok=True)
        copy(ROOT / name, tree / name)
    environment = {"PATH": str(path), "HOME": str(tmp_path)}
    command = ["tools/setup.sh", lock]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)


def test_missing_programs_are_named_before_anything_is_installed(tmp_path: Path) -> None:
    result = set_up(tmp_path, Path(os.path.realpath(sys.executable)))
    assert result.returncode == 1
    assert result.stderr.startswith("error: ffmpeg")
    assert "apt-get install ffmpeg" in result.stderr
    assert not (tmp_path / "tree" / ".venv").exists()


def test_a_missing_python_is_named(tmp_path: Path) -> None:
    media = [Path(str(shutil.which(program))) for program in ("ffmpeg", "ffprobe")]
    result = set_up(tmp_path, *media)
    assert result.returncode == 1
    assert result.stderr.startswith("error: Python 3.11 or 3.12 is needed")


def test_an_unknown_extra_is_refused(tmp_path: Path) -> None:
    result = set_up(tmp_path, lock="gpu")
    assert result.returncode == 1
    assert "EXTRAS is base, dev or cuda" in result.stderr
