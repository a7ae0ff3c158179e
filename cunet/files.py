"""The workspace, and outputs that appear in it complete or not at all."""

import errno
import glob
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import yaml
from pydantic import BaseModel

from cunet.errors import UserError, first_line, is_out_of_memory

# What readers of JSON, CSV and HDF5 raise for other contents.
DAMAGES = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RuntimeError)
TEMPORARY, YOUNGEST = "cunet-", 60  # prefix of temporary folders; seconds before one can be a left one
NO_SYNCHRONISATION = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)  # of folders, on some network file systems
OTHER_FILES = 256  # open files of a training besides its tracks


def workspace() -> Path:
    """The user's workspace, even if DVC runs a queued or temporary experiment in another folder."""
    return Path(os.environ.get("DVC_ROOT", ".")).resolve()


def commit() -> str:
    """The git commit of the workspace, or the baseline of a DVC experiment; empty outside a repository."""
    if "DVC_EXP_BASELINE_REV" in os.environ:
        return os.environ["DVC_EXP_BASELINE_REV"]
    return subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()


@contextmanager
def temporary_folder(parent: Path | None = None) -> Iterator[Path]:
    """A temporary folder, in `parent` or where the system has them, deleted at the end of the block.

    Raises:
        UserError: it cannot be created.
    """
    try:
        # Threads of an interrupted command may still write to it: what they leave, the next command deletes.
        folder = tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=parent, ignore_cleanup_errors=True)
    except OSError as error:
        place = Path(error.filename).parent if error.filename else "TMPDIR"
        raise temporary_files_fail(place, error.strerror) from None
    with folder as name, ExitStack() as stack:
        if os.name == "posix":
            with suppress(OSError):  # a file system without locks
                stack.enter_context(locked(Path(name)))
        yield Path(name)


def sweep() -> None:
    """Delete temporary folders that killed processes left: nobody holds their locks any more."""
    if os.name != "posix":
        return
    for path in Path(tempfile.gettempdir()).glob(f"{TEMPORARY}*"):
        with suppress(OSError):
            if path.stat().st_uid == os.getuid() and time.time() - path.stat().st_mtime > YOUNGEST:
                with locked(path):
                    shutil.rmtree(path, ignore_errors=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file or folder; it ends with the process, however that ends.

    Raises:
        BlockingIOError: another process holds it.
    """
    import fcntl  # not on Windows

    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def temporary_files_fail(place: Path | str, reason: str | None) -> UserError:
    """The error for a folder where temporary files cannot be written or do not fit."""
    return UserError(
        f"{place}: temporary files cannot be written ({reason}). Free some space, or set TMPDIR to another folder."
    )


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A folder to fill; it replaces `out` if the block succeeds, and is deleted otherwise.

    Examples:
        >>> with temporary_folder() as workspace:
        ...     with new_folder(workspace / "models") as folder:
        ...         (folder / "weights").touch()
        ...         (workspace / "models").exists()
        ...     (workspace / "models" / "weights").exists()
        False
        True
    """
    part = _unfinished(out)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        put_in_place(part, out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def resumable_folder(out: Path, identity: str) -> Iterator[Path]:
    """A folder to fill, file by file; it replaces `out` if the block succeeds, and stays otherwise.

    It starts with the files of an interrupted run with the same `identity`, if there was one. The caller writes each
    file under another name and renames it when it is complete.
    """
    part = _unfinished(out, identity[:16])
    for other in out.parent.glob(f".{glob.escape(out.name)}.{'[0-9a-f]' * 16}.part"):
        if other != part:
            shutil.rmtree(other)
    part.mkdir(parents=True, exist_ok=True)
    yield part
    put_in_place(part, out)


@contextmanager
def intact(path: Path) -> Iterator[None]:
    """Read an output of the pipeline in the block.

    Raises:
        UserError: it is missing, or its content is not what the pipeline wrote.
    """
    try:
        yield
    except DAMAGES as error:
        if is_out_of_memory(error):
            raise
        reason = os.strerror(errno.ENOENT) if isinstance(error, FileNotFoundError) else first_line(error)
        raise UserError(
            f"{path}: missing or damaged ({reason}). Restore it with dvc checkout, or write it again with dvc repro."
        ) from None


def put_in_place(part: Path, path: Path) -> None:
    """Rename a complete file or folder to `path`, replacing what is there.

    After a power failure it is complete or missing. Without synchronising first, file systems may know the new name
    before the content, which is then empty.

    Raises:
        IsADirectoryError: a file would replace a folder.
    """
    for entry in (*part.rglob("*"), part):
        synchronise(entry)
    if part.is_dir() and path.is_dir():
        shutil.rmtree(path)
    part.replace(path)
    synchronise(path.parent)


def synchronise(path: Path) -> None:
    """Have a file, or the names in a folder, written to the disk, so that they survive a power failure."""
    if os.name != "posix":  # Windows synchronises no files that are only read
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NO_SYNCHRONISATION:
            raise
    finally:
        os.close(descriptor)


def _unfinished(out: Path, version: str = "") -> Path:
    """Where a folder is filled: hidden, since users do not name their own folders so."""
    return out.with_name(f".{out.name}{version and f'.{version}'}.part")


def identity(stage: str, *settings: BaseModel | str, inputs: Iterable[Path] = ()) -> str:
    """Hash of what a stage depends on: its code, settings, and input files by name, size and time.

    Folders among `inputs` stand for all files in them. The code is what dvc.yaml lists for `stages/<stage>.py`, so
    that an interrupted stage resumes after unrelated changes.
    """
    digest = hashlib.sha256()
    for path in _code(stage):
        digest.update(path.read_bytes())
    for setting in settings:
        text = setting if isinstance(setting, str) else setting.model_dump_json()
        digest.update(f"{text}\0".encode())
    for path in (path for entry in inputs for path in _files(entry)):
        status = path.stat()
        digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\0".encode(errors="surrogateescape"))
    return digest.hexdigest()


def allow_open_files(count: int) -> None:
    """Raise this process's limit on open files if it is too low for `count` more.

    Raises:
        UserError: the system allows fewer.
    """
    import resource  # not available on Windows, where training is not supported

    needed = count + OTHER_FILES
    limit, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
    if highest != resource.RLIM_INFINITY and highest < needed:
        raise UserError(
            f"training opens {count} tracks at once, but this system allows {highest} open files. Raise the limit "
            f"to {needed} (ulimit -Hn)."
        )
    if limit != resource.RLIM_INFINITY and limit < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, highest))


def _code(stage: str) -> list[Path]:
    project = Path(__file__).parents[1]
    described = yaml.safe_load((project / "dvc.yaml").read_text())["stages"].values()
    dependencies = [description.get("do", description)["deps"] for description in described]
    named = {path for paths in dependencies if f"stages/{stage}.py" in paths for path in paths}
    code = [project / path for path in sorted(named) if path.startswith(("cunet", "stages"))]
    return [file for path in code for file in _files(path) if file.suffix != ".pyc"]


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
