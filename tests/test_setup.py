"""The first command: pinned locks, and messages where something is missing."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT

TOOLS = ("sh", "cat", "chmod", "cmp", "cp", "env", "grep", "head", "id", "mkdir", "rm", "sed", "sleep")
MEDIA = [Path(str(shutil.which(program))) for program in ("ffmpeg", "ffprobe")]
PYTHON = Path(os.path.realpath(sys.executable))


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


def test_uv_is_the_one_that_developers_have() -> None:
    assert pins("uv") == {"uv": pins("dev")["uv"]}


@pytest.mark.parametrize("name", ["dev", "cuda"])
def test_every_lock_holds_what_base_holds(name: str) -> None:
    assert pins("base").items() <= pins(name).items()


def make_tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("tools", "locks", "pyproject.toml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tree / name)
    return tree


def set_up(
    tmp_path: Path, *programs: Path, lock: str = "base", tree: str = "tree", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the set-up in a copy of the tree, on a machine that has the given programs and no package manager."""
    path = tmp_path / "bin"
    if not (tmp_path / tree).exists():
        make_tree(tmp_path)
    path.mkdir(exist_ok=True)
    for program in [*(Path(str(shutil.which(tool))) for tool in TOOLS), *programs]:
        if not (path / program.name).exists():
            (path / program.name).symlink_to(program)
    machine = {"PATH": str(path), "HOME": str(tmp_path)}
    command = ["tools/setup.sh", lock]
    return subprocess.run(
        command, cwd=tmp_path / tree, env=machine | environment, capture_output=True, text=True, check=False
    )


def test_missing_programs_are_named_before_anything_is_installed(tmp_path: Path) -> None:
    result = set_up(tmp_path, PYTHON)
    assert result.returncode == 1
    assert result.stderr.startswith("error: ffmpeg")
    assert "apt-get install ffmpeg" in result.stderr
    assert not (tmp_path / "tree" / ".venv").exists()


def test_a_missing_python_is_named(tmp_path: Path) -> None:
    result = set_up(tmp_path, *MEDIA)
    assert result.returncode == 1
    assert result.stderr.startswith("error: Python 3.11 or 3.12 not found")


def test_an_unknown_extra_is_refused(tmp_path: Path) -> None:
    result = set_up(tmp_path, lock="gpu")
    assert result.returncode == 1
    assert "Set EXTRAS to base, dev or cuda" in result.stderr


def write_wheel(folder: Path, name: str, version: str, files: dict[str, bytes]) -> str:
    """Write a wheel; returns the line of a lock that pins it."""
    info = f"{name}-{version}.dist-info"
    described = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    contents = files | described
    record = "".join(f"{path},,\n" for path in [*contents, f"{info}/RECORD"])
    folder.mkdir(exist_ok=True)
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, data in (contents | {f"{info}/RECORD": record.encode()}).items():
            entry = zipfile.ZipInfo(path)
            entry.external_attr = 0o100755 << 16  # a program stays executable
            archive.writestr(entry, data)
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


def installed_uv() -> tuple[str, dict[str, bytes]]:
    """Version and files of the uv that the tests' environment has."""
    uv = distribution("uv")
    files = {path.name: Path(str(uv.locate_file(path))) for path in uv.files or [] if path.name == "uv"}
    return uv.version, {f"uv-{uv.version}.data/scripts/{name}": path.read_bytes() for name, path in files.items()}


def own_index(tmp_path: Path, with_uv: bool) -> dict[str, str]:
    """A tree whose lock pins one small package, and pip's settings for a mirror on disk, which may lack uv."""
    tree, mirror = make_tree(tmp_path), tmp_path / "mirror"
    (tree / "locks" / "base.txt").write_text(write_wheel(mirror, "small", "1.0", {"small.py": b""}))
    if with_uv:
        (tree / "locks" / "uv.txt").write_text(write_wheel(mirror, "uv", *installed_uv()))
    write_wheel(tree, "cunet", "0", {})
    (tree / "backend.py").write_text(
        "import shutil\n\n\ndef build_editable(folder, *_):\n"
        "    shutil.copy('cunet-0-py3-none-any.whl', folder)\n    return 'cunet-0-py3-none-any.whl'\n"
    )
    (tree / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "cunet"\nversion = "0"\n'
    )
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(mirror)}


def packages(tmp_path: Path) -> dict[str, str]:
    """Names of the packages in the new environment, and the installer of each."""
    found = (tmp_path / "tree" / ".venv").glob("lib/python*/site-packages/*.dist-info")
    return {path.name.split("-")[0]: (path / "INSTALLER").read_text().strip() for path in found}


def set_up_by(installer: str, tmp_path: Path, settings: dict[str, str]) -> str:
    """Set up, see that both packages came by the installer, and return what was printed."""
    result = set_up(tmp_path, PYTHON, *MEDIA, **settings)
    assert result.returncode == 0, result.stdout + result.stderr
    installed = packages(tmp_path)
    assert installed["small"] == installed["cunet"] == installer
    return result.stdout


def test_uv_installs_from_the_mirror_that_pip_is_configured_with(tmp_path: Path) -> None:
    settings = own_index(tmp_path, with_uv=True)
    assert "uv failed" not in set_up_by("uv", tmp_path, settings)
    assert set_up(tmp_path, PYTHON, *MEDIA, **settings).stdout == ""  # done already


def test_a_copied_folder_gets_an_environment_of_its_own(tmp_path: Path) -> None:
    """The programs of a copied environment would run the original."""
    settings = own_index(tmp_path, with_uv=True)
    set_up_by("uv", tmp_path, settings)
    shutil.copytree(tmp_path / "tree", tmp_path / "copy", symlinks=True)
    result = set_up(tmp_path, PYTHON, *MEDIA, tree="copy", **settings)
    assert result.stdout.startswith("this folder was moved or copied: re-creating .venv\n"), result.stderr
    program = (tmp_path / "copy" / ".venv" / "bin" / "pip").read_text()
    assert str(tmp_path / "copy" / ".venv") in program
    assert set_up(tmp_path, PYTHON, *MEDIA, tree="copy", **settings).stdout == ""


def test_a_folder_behind_a_link_keeps_its_environment(tmp_path: Path) -> None:
    settings = own_index(tmp_path, with_uv=True)
    set_up_by("uv", tmp_path, settings)
    (tmp_path / "link").symlink_to(tmp_path / "tree")
    through = settings | {"PWD": str(tmp_path / "link")}
    assert set_up(tmp_path, PYTHON, *MEDIA, tree="link", **through).stdout == ""


def test_dvc_keeps_its_pickles_where_nobody_else_can_write(tmp_path: Path) -> None:
    settings = own_index(tmp_path, with_uv=True)
    program = b'#!/bin/sh\necho "$@" >> .dvc/config.local\n'
    wheel = write_wheel(tmp_path / "mirror", "small", "1.0", {"small-1.0.data/scripts/dvc": program})
    (tmp_path / "tree" / "locks" / "base.txt").write_text(wheel)
    (tmp_path / "tree" / ".dvc").mkdir()
    for _ in range(2):
        assert set_up(tmp_path, PYTHON, *MEDIA, **settings).returncode == 0
    private = tmp_path / "tree" / ".dvc" / "tmp" / "private"
    assert private.stat().st_mode & 0o777 == 0o700
    configured = (tmp_path / "tree" / ".dvc" / "config.local").read_text()
    assert configured == f"config --quiet --local core.site_cache_dir {private}\n"  # once


@pytest.mark.parametrize(("content", "kept"), [("", False), ('{"read": {"da', False), ('{"read": {}}', True)])
def test_a_lock_of_dvc_that_a_kill_left_damaged_is_deleted(tmp_path: Path, content: str, kept: bool) -> None:
    settings = own_index(tmp_path, with_uv=True)
    set_up_by("uv", tmp_path, settings)
    lock = tmp_path / "tree" / ".dvc" / "tmp" / "rwlock"
    lock.parent.mkdir(parents=True)
    lock.write_text(content)
    assert set_up(tmp_path, PYTHON, *MEDIA, **settings).stdout == ""
    assert lock.exists() == kept


def test_a_lock_that_dvc_is_writing_is_kept(tmp_path: Path) -> None:
    settings = own_index(tmp_path, with_uv=True)
    set_up_by("uv", tmp_path, settings)
    lock = tmp_path / "tree" / ".dvc" / "tmp" / "rwlock"
    lock.parent.mkdir(parents=True)
    lock.write_text('{"read": {"da')
    sleep = tmp_path / "bin" / "sleep"
    sleep.unlink()
    sleep.write_text("""#!/bin/sh\necho '{"read": {}}' >.dvc/tmp/rwlock\n""")
    sleep.chmod(0o755)
    assert set_up(tmp_path, PYTHON, *MEDIA, **settings).stdout == ""
    assert lock.read_text() == '{"read": {}}\n'


def test_queued_experiments_keep_them_there_too(tmp_path: Path) -> None:
    """DVC runs them in folders of their own, to which it copies the configuration."""
    private = tmp_path / ".dvc" / "tmp" / "private"
    (tmp_path / "params.yaml").write_text("x: 1\n")
    stages = {"a": {"cmd": 'dvc doctor > "$DVC_ROOT/seen"; touch o', "params": ["x"], "outs": ["o"]}}
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    for command in (
        ["git", "init", "-q"],
        ["dvc", "init", "-q"],
        ["dvc", "config", "--local", "core.site_cache_dir", str(private)],
        ["git", "add", "-A"],
        ["git", *identity, "commit", "-qm", "x"],
        ["dvc", "exp", "run", "-q", "--queue", "-S", "x=2"],
        ["dvc", "exp", "run", "-q", "--run-all"],
    ):
        own = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        subprocess.run(command, cwd=tmp_path, env=own | {"DVC_NO_ANALYTICS": "true"}, check=True)
    seen = (tmp_path / "seen").read_text()
    assert f"Repo.site_cache_dir: {private}{os.sep}" in seen


def test_pip_installs_where_there_is_no_uv(tmp_path: Path) -> None:
    printed = set_up_by("pip", tmp_path, own_index(tmp_path, with_uv=False))
    reasons = [line for line in printed.splitlines() if line.startswith("uv failed")]
    assert len(reasons) == 1
    assert "installing with pip" in reasons[0]


def test_a_package_with_another_hash_is_refused(tmp_path: Path) -> None:
    settings = own_index(tmp_path, with_uv=True)
    write_wheel(tmp_path / "mirror", "small", "1.0", {"small.py": b"print('other')"})
    result = set_up(tmp_path, PYTHON, *MEDIA, **settings)
    assert result.returncode != 0
    assert "small" not in packages(tmp_path)
    assert not list((tmp_path / "tree" / ".venv").glob("*.installed"))
