"""The command line, besides what single commands do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cunet.cli import command_line, commands_of
from tests.conftest import ROOT


def cunet(*arguments: str, folder: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "cunet", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


def test_an_unknown_option_of_a_command_shows_the_usage_of_that_command() -> None:
    done = cunet("separate", "song.wav", "--louder")
    assert done.returncode == 2
    assert done.stderr.startswith("usage: cunet separate ")
    assert done.stderr.endswith("cunet separate: error: unrecognized arguments: --louder\n")


def test_without_a_command_the_help_is_shown() -> None:
    done = cunet()
    assert done.returncode == 2
    assert done.stderr == cunet("--help").stdout


@pytest.mark.parametrize("command", commands_of(command_line()))
def test_the_help_of_a_command_has_an_example_and_tells_defaults(command: str) -> None:
    text = cunet(command, "--help").stdout
    assert f"\n  cunet {command}" in text.partition("\nexample")[2]
    for action in commands_of(command_line())[command]._actions:
        assert action.help, action
        if action.default not in (None, False, []) and action.dest not in ("help", "targets", "suffix"):
            assert "default: " in str(action.help), action.dest


def test_the_version_is_that_of_the_package() -> None:
    import cunet as package

    assert cunet("--version").stdout == f"cunet {package.__version__}\n"


COMPLETE = """
source <(cat)
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_shtab_cunet
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["cunet", "sep"], ["separate"]),
        (["cunet", "separate", "--two"], ["--two-stems"]),
        (["cunet", "separate", "song.wav", "--format", "f"], ["flac"]),
        (["cunet", "separate", "so"], ["song.wav"]),
        (["cunet", "export", "--model", "so"], ["song.wav"]),
    ],
)
def test_bash_completes_commands_options_and_files(tmp_path: Path, words: list[str], expected: list[str]) -> None:
    (tmp_path / "song.wav").touch()
    done = subprocess.run(
        ["bash", "-c", COMPLETE, "bash", *words],
        input=cunet("--completion", "bash").stdout,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.stdout.split() == expected, done.stderr


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([], "error: params.yaml: no such file. Run the command in the project's folder.\n"),
        (["params.yaml"], "error: results: no scores. Run dvc repro first.\n"),
    ],
)
def test_without_anything_to_log_it_is_said(tmp_path: Path, files: list[str], reason: str) -> None:
    for name in files:
        shutil.copyfile(ROOT / name, tmp_path / name)
    done = cunet("log", folder=tmp_path)
    assert (done.returncode, done.stderr) == (1, reason)


@pytest.mark.parametrize("port", ["0", "80000", "abc"])
def test_what_is_no_port_is_said(port: str) -> None:
    done = cunet("app", "--port", port)
    assert done.returncode == 2
    assert "expected a number from 1 to 65535" in done.stderr
