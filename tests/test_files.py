"""What an interrupted stage goes on with, and what it does not."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from pydantic import BaseModel

from cunet.errors import UserError
from cunet.files import (
    commit,
    identity,
    locked,
    new_folder,
    put_in_place,
    resumable_folder,
    sweep,
    temporary_folder,
    workspace,
)
from cunet.params import Params
from tests.conftest import ROOT
from tests.disks import Disk


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
        "import resource; from cunet.cli.running import run; from cunet.files import allow_open_files\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300)); run(lambda: allow_open_files(100))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    line = (
        "training opens 100 tracks at once, but this system allows 300 open files. Raise the limit to 356 (ulimit -Hn)."
    )
    assert (done.returncode, done.stderr) == (1, f"error: {line}\n")


def test_a_name_that_is_not_utf8_has_an_identity(tmp_path: Path) -> None:
    """`download` asks for it before it looks at the names."""
    (tmp_path / os.fsdecode(b"caf\xe9")).touch()
    before = identity("download", inputs=[tmp_path])
    (tmp_path / os.fsdecode(b"caf\xe9")).write_text("y")
    assert identity("download", inputs=[tmp_path]) != before


def test_a_folder_takes_its_place_only_when_it_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    with new_folder(out) as folder:
        (folder / "old").touch()
        assert not out.exists()
    with pytest.raises(KeyError), new_folder(out) as folder:
        (folder / "half").touch()
        raise KeyError
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    assert [path.name for path in out.iterdir()] == ["old"]
    with new_folder(out) as folder:
        (folder / "new").touch()
    assert [path.name for path in out.iterdir()] == ["new"]


def test_a_file_replaces_no_folder(tmp_path: Path) -> None:
    (tmp_path / "scores" / "precious").mkdir(parents=True)
    (tmp_path / "part").touch()
    with pytest.raises(IsADirectoryError):
        put_in_place(tmp_path / "part", tmp_path / "scores")
    assert (tmp_path / "scores" / "precious").exists()


def test_what_took_its_place_survives_a_power_failure(tmp_path: Path) -> None:
    mount = tmp_path / "mount"
    disk = Disk.formatted(tmp_path / "disk", 1 << 23)
    with disk.mounted(mount):
        with new_folder(mount / "models" / "cunet") as folder:
            (folder / "weights").write_bytes(b"12")
        (mount / "scores.part").write_bytes(b"34")
        put_in_place(mount / "scores.part", mount / "scores")
        after = disk.after_power_loss(tmp_path / "after")
    with after.mounted(mount):
        assert (mount / "models" / "cunet" / "weights").read_bytes() == b"12"
        assert (mount / "scores").read_bytes() == b"34"


def test_a_folder_of_the_user_is_left_alone(tmp_path: Path) -> None:
    for name in ("out.part", "out.mine.part"):
        (tmp_path / name).mkdir()
    with new_folder(tmp_path / "out"):
        pass
    with resumable_folder(tmp_path / "out", "a" * 64):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "out.mine.part", "out.part"]


def test_an_interrupted_folder_is_gone_on_with_by_the_same_work_alone(tmp_path: Path) -> None:
    out, other = tmp_path / "out", tmp_path / "other"
    with pytest.raises(KeyError), resumable_folder(other, "b" * 64) as folder:
        raise KeyError
    for work in ("a" * 64, "b" * 64):
        with pytest.raises(KeyError), resumable_folder(out, work) as folder:
            assert list(folder.iterdir()) == []
            (folder / "done").touch()
            raise KeyError
    assert not out.exists()
    with resumable_folder(out, "b" * 64) as folder:
        assert [path.name for path in folder.iterdir()] == ["done"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [f".other.{'b' * 16}.part", "out"]
    assert [path.name for path in out.iterdir()] == ["done"]


def test_a_temporary_folder_vanishes_and_one_that_cannot_be_made_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with temporary_folder() as folder:
        (folder / "file").touch()
        assert folder.parent == tmp_path
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(UserError, match=r"missing: temporary files cannot be written .*TMPDIR"), temporary_folder():
        pass


def test_an_identity_follows_from_settings_and_from_files_in_folders(params: Params, tmp_path: Path) -> None:
    (tmp_path / "input").mkdir()
    (tmp_path / "input" / "a").write_text("one")

    def found(*settings: BaseModel | str) -> str:
        return identity("train", *settings, inputs=[tmp_path / "input"])

    before = found(params.patch, "x")
    assert found(params.patch, "x") == before
    assert found(params.patch, "y") != before
    assert found(params.patch.model_copy(update={"step": 1}), "x") != before
    (tmp_path / "input" / "a").write_text("another")
    assert found(params.patch, "x") != before


def test_the_commit_is_that_which_an_experiment_started_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.delenv("DVC_EXP_BASELINE_REV", raising=False)
    assert commit() == ""
    monkeypatch.setenv("DVC_EXP_BASELINE_REV", "abc")
    assert commit() == "abc"


def test_the_workspace_is_the_users_where_dvc_runs_an_experiment_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    assert workspace() == tmp_path.resolve()
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "users"))
    assert workspace() == tmp_path.resolve() / "users"


def test_temporary_folders_of_killed_processes_are_deleted_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("cunet-left", "cunet-young", "other-left"):
        (tmp_path / name / "inside").mkdir(parents=True)
    with temporary_folder() as live:
        for path in (live, tmp_path / "cunet-left", tmp_path / "other-left"):
            os.utime(path, (1, 1))
        sweep()
        assert {path.name for path in tmp_path.iterdir()} == {live.name, "cunet-young", "other-left"}


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(BlockingIOError), locked(tmp_path):
        pass
    code = "import sys, time; from cunet.files import locked; from pathlib import Path\n"
    code += "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BlockingIOError), locked(tmp_path):
            pass
        holder.kill()
    with locked(tmp_path):
        pass
