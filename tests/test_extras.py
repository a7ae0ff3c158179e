"""The wheel in environments with the packages of some extras, and no others."""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PathDistribution, distribution
from pathlib import Path

import numpy as np
import pytest
import soundfile
from packaging.requirements import Requirement

from tests.conftest import ROOT

ROOMS = {  # folders of cunet/ that an extra is enough for
    "app": ("app", "player"),
    "data": ("datasets", "tracks"),
    "train": ("evaluation", "export", "masking", "models", "preprocess", "train"),
    "track": ("tracking",),
}
SITE = Path("lib") / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
Python = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, as `pip install cunet` would get it."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT / "cunet", source / "cunet", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    command = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(out), str(source)]
    subprocess.run([sys.executable, "-m", "pip", *command], check=True)
    return next(out.glob("cunet-*.whl"))


@pytest.fixture
def install(wheel: Path, tmp_path: Path) -> Callable[[str], Python]:
    """Install the wheel with an extra in an empty environment; the packages are links to those of this one."""

    def installed(extra: str) -> Python:
        environment = tmp_path / "environment"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
        python = environment / "bin" / "python"
        pip = [sys.executable, "-m", "pip", "--python", str(python)]
        subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)
        site = environment / SITE
        own = PathDistribution(next(site.glob("cunet-*.dist-info")))
        for name in closure(own, extra) - {"cunet"}:
            for file in distribution(name).files or ():
                link = site / file.parts[0]
                if file.parts[0] not in ("..", "__pycache__") and not link.exists():
                    link.symlink_to(Path(str(distribution(name).locate_file(file.parts[0]))))

        def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
            clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
            return subprocess.run(
                [python, *arguments], cwd=tmp_path, env=clean, capture_output=True, text=True, check=False
            )

        return run

    return installed


def closure(own: PathDistribution, extra: str) -> set[str]:
    """Names of all distributions that `cunet[extra]` brings."""
    found: set[tuple[str, frozenset[str]]] = set()
    waiting = {("cunet", frozenset({extra}))}
    while waiting:
        name, extras = waiting.pop()
        found.add((name, extras))
        for line in (own if name == "cunet" else distribution(name)).requires or ():
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": one}) for one in {"", *extras}):
                waiting |= {(needed.name, frozenset(needed.extras))} - found
    return {name for name, _ in found}


def song(folder: Path) -> None:
    soundfile.write(folder / "song.wav", np.random.default_rng(0).normal(scale=0.1, size=(16000, 2)), 16000)


def test_without_extras_a_song_is_separated_and_other_commands_say_what_they_need(
    install: Callable[[str], Python], tmp_path: Path, model_folder: Path
) -> None:
    python = install("")
    song(tmp_path)
    done = python("-m", "cunet", "separate", "song.wav", "--above", "share")
    assert done.returncode == 0, done.stderr
    stems = [soundfile.read(path)[0] for path in (tmp_path / "separated" / "song").glob("*.wav")]
    assert len(stems) > 2
    np.testing.assert_allclose(sum(stems), soundfile.read(tmp_path / "song.wav")[0], atol=1e-3)

    for arguments, missing, extra in (
        (["app"], "gradio", "app"),
        (["export", "--model", "starter"], "keras", "train"),
        (["register"], "omegaconf", "track"),
        (["separate", "song.wav", "-n", "models:/x@best"], "mlflow", "track"),
        (["separate", "song.wav", "-n", str(model_folder)], "h5py", "train"),
    ):
        failed = python("-m", "cunet", *arguments)
        assert failed.returncode == 1
        assert f"{missing} is not installed. Run {tmp_path}/environment/bin/python -m pip install" in failed.stderr
        assert failed.stderr.endswith(f" '.[{extra}]' in the folder of this project.\n")
        assert failed.stderr.count("\n") == 1


def test_without_keras_the_starter_model_is_the_default_where_a_model_was_trained(
    install: Callable[[str], Python], tmp_path: Path, model_folder: Path
) -> None:
    shutil.copytree(model_folder, tmp_path / "models" / "cunet" / "0")
    song(tmp_path)
    done = install("")("-m", "cunet", "separate", "song.wav")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "model: starter (models/cunet/0 needs Keras, which is not installed)\n"


@pytest.mark.parametrize("extra", ROOMS)
def test_an_extra_brings_all_that_its_modules_import(extra: str, install: Callable[[str], Python]) -> None:
    files = [file for room in ROOMS[extra] for file in sorted((ROOT / "cunet" / room).glob("*.py"))]
    modules = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    code = (
        f"import importlib, importlib.util\nfor name in {modules!r}: importlib.import_module(name)\n"
        f"print([name for name in {sorted(imported(files))!r} if importlib.util.find_spec(name) is None])"
    )
    done = install(extra)("-c", code)
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stdout + done.stderr


def imported(files: list[Path]) -> set[str]:
    """Top-level packages that files import, in functions as well."""
    found = set()
    for node in (node for file in files for node in ast.walk(ast.parse(file.read_text()))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).partition(".")[0])
    return found
