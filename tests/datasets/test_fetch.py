"""Downloads that break off, are refused, do not fit, or are not what they should be."""

import hashlib
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import pytest
import requests

from cunet.datasets import fetch, http
from cunet.errors import UserError
from tests.conftest import ROOT
from tests.datasets.archive_server import ArchiveServer, serve
from tests.disks import mounted

CONTENT = random.Random(0).randbytes(600_000)
CHECKSUM = f"md5:{hashlib.md5(CONTENT).hexdigest()}"
SECRET = "s3cr3t"
SCRIPT = """
import sys
from pathlib import Path
from cunet.datasets.fetch import fetch
fetch(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
"""


class Usage(NamedTuple):
    free: int


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PAUSE", 0.01)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture
def archive() -> Iterator[ArchiveServer]:
    with serve(CONTENT) as server:
        yield server


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archives" / "songs.zip"


@pytest.fixture
def download(archive: ArchiveServer, path: Path) -> Callable[..., None]:
    """Download the file of `archive` to `path`, its secret query included."""

    def run(checksum: str | None = CHECKSUM, size: int | None = len(CONTENT), room: int = 0) -> None:
        fetch.fetch(f"{archive.address}/songs.zip?token={SECRET}", path, checksum, size, room)

    return run


def part_of(path: Path, size: int | None = None) -> Path:
    """The part file; with `size`, made of the first bytes of the content."""
    part = path.with_name(f"{path.name}.part")
    if size is not None:
        part.parent.mkdir(exist_ok=True)
        part.write_bytes(CONTENT[:size])
    return part


def refused(run: Callable[..., None], *words: str, kind: type[UserError] = UserError) -> str:
    """The one line with which `run` ends."""
    with pytest.raises(kind) as error:
        run()
    text = str(error.value)
    assert "\n" not in text
    assert SECRET not in text
    for word in words:
        assert word in text
    return text


def start(archive: ArchiveServer, path: Path) -> "subprocess.Popen[str]":
    arguments = [f"{archive.address}/songs.zip", str(path), CHECKSUM, str(len(CONTENT))]
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )


def wait_for(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.005)


@pytest.mark.parametrize("size", [len(CONTENT), None])
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("checksum", [CHECKSUM, f"sha256:{hashlib.sha256(CONTENT).hexdigest().upper()}", None])
def test_a_whole_download(
    archive: ArchiveServer,
    path: Path,
    download: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    checksum: str | None,
    chunked: bool,
    size: int | None,
) -> None:
    archive.faults.chunked = chunked
    download(checksum, size)
    assert path.read_bytes() == CONTENT
    assert not part_of(path).exists()
    (request,) = archive.requests
    assert request.headers["Accept-Encoding"] == "identity"
    assert "Range" not in request.headers
    out, err = capsys.readouterr()
    assert "songs.zip: unknown size" in out if chunked and not size else "songs.zip: 600.0 kB from 127.0.0.1" in out
    assert "of which 0 bytes are downloaded already" in out
    assert SECRET not in out + err


def test_what_is_there_is_not_asked_for(archive: ArchiveServer, path: Path, download: Callable[..., None]) -> None:
    path.parent.mkdir()
    path.write_bytes(b"mine")
    download()
    assert path.read_bytes() == b"mine"
    assert not archive.requests


def test_the_bytes_are_taken_as_they_are_sent(
    archive: ArchiveServer, path: Path, download: Callable[..., None]
) -> None:
    archive.faults.encoding = "gzip"
    download()
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("chunked", [False, True])
def test_a_broken_connection_is_resumed(
    archive: ArchiveServer,
    path: Path,
    download: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    chunked: bool,
) -> None:
    archive.faults.cut_after, archive.faults.cuts, archive.faults.chunked = 250_000, 2, chunked
    download()
    assert path.read_bytes() == CONTENT
    assert [request.first_byte for request in archive.requests] == [0, 250_000, 500_000]
    assert [request.sent for request in archive.requests] == [250_000, 250_000, 100_000]
    out, err = capsys.readouterr()
    assert "the connection to 127.0.0.1 broke; resuming at 250.0 kB of 600.0 kB" in out
    assert out.count("disk space: ") == 1
    assert SECRET not in out + err


def test_silence_counts_as_a_broken_connection(
    archive: ArchiveServer,
    path: Path,
    download: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(http, "TIMEOUT", (1, 0.2))
    archive.faults.silent_after, archive.faults.cuts = 100_000, 1
    download()
    assert path.read_bytes() == CONTENT
    assert [request.first_byte for request in archive.requests] == [0, 100_000]
    assert "no more data from 127.0.0.1; resuming at 100.0 kB" in capsys.readouterr().out


def test_tries_end_and_the_next_run_continues(
    archive: ArchiveServer, path: Path, download: Callable[..., None]
) -> None:
    archive.faults.cut_after = 50_000
    refused(download, "broke", f"250.0 kB are kept in {part_of(path)}", "Run the same command again")
    assert len(archive.requests) == http.TRIES
    assert not path.exists()
    assert part_of(path).read_bytes() == CONTENT[:250_000]
    archive.faults.cut_after = None
    download()
    assert path.read_bytes() == CONTENT
    assert archive.requests[-1].first_byte == 250_000


def test_pauses_grow(
    archive: ArchiveServer, path: Path, download: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(http, "PAUSE", 50.0)
    monkeypatch.setattr(time, "sleep", pauses.append)
    archive.faults.cut_after = 0
    refused(download, "nothing is downloaded yet")
    assert pauses == [50, 100, 120, 120]


def test_tries_are_counted_anew_after_progress(
    archive: ArchiveServer, path: Path, download: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "PROGRESS", 50_000)
    archive.faults.cut_after = 60_000
    download()
    assert path.read_bytes() == CONTENT
    assert len(archive.requests) == 10 > http.TRIES


def test_a_killed_process_leaves_what_it_had(archive: ArchiveServer, path: Path, download: Callable[..., None]) -> None:
    archive.faults.pause = 0.02
    with start(archive, path) as process:
        wait_for(lambda: part_of(path).exists() and part_of(path).stat().st_size > 100_000)
        process.kill()
    kept = part_of(path).stat().st_size
    assert 100_000 < kept < len(CONTENT)
    archive.faults.pause = 0
    download()
    assert path.read_bytes() == CONTENT
    assert archive.requests[-1].first_byte == kept


def test_two_downloads_at_once_are_one(archive: ArchiveServer, path: Path) -> None:
    archive.faults.pause = 0.03
    with start(archive, path) as first:
        wait_for(lambda: bool(archive.requests))
        with start(archive, path) as second:
            outputs = [process.communicate(timeout=20)[0] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0)
    assert "waiting" not in outputs[0]
    assert "another process is downloading it; waiting" in outputs[1]
    assert path.read_bytes() == CONTENT
    assert [request.sent for request in archive.requests] == [len(CONTENT)]


def test_a_server_that_ignores_ranges(
    archive: ArchiveServer, path: Path, download: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    part_of(path, 200_000)
    archive.faults.ranges = "ignored"
    download()
    assert path.read_bytes() == CONTENT
    assert [request.sent for request in archive.requests] == [len(CONTENT)]
    assert "cannot resume; starting from the beginning" in capsys.readouterr().out


@pytest.mark.parametrize(("ranges", "status"), [("shifted", 206), ("refused", 416)])
def test_a_wrong_part_is_not_taken(
    archive: ArchiveServer,
    path: Path,
    download: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    ranges: Literal["shifted", "refused"],
    status: int,
) -> None:
    part_of(path, 200_000)
    archive.faults.ranges = ranges
    download()
    assert path.read_bytes() == CONTENT
    assert [(request.status, request.first_byte) for request in archive.requests] == [(status, 200_000), (200, 0)]
    assert "starting from the beginning" in capsys.readouterr().out


def test_a_part_that_is_the_whole_is_only_checked(
    archive: ArchiveServer, path: Path, download: Callable[..., None]
) -> None:
    part_of(path, len(CONTENT))
    download()
    assert path.read_bytes() == CONTENT
    assert not archive.requests


def test_416_where_the_size_is_not_known_beforehand(
    archive: ArchiveServer, path: Path, download: Callable[..., None]
) -> None:
    part_of(path, len(CONTENT))
    download(size=None)
    assert path.read_bytes() == CONTENT
    assert [request.status for request in archive.requests] == [416]


@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_a_part_longer_than_the_file(
    archive: ArchiveServer, path: Path, download: Callable[..., None], size: int | None
) -> None:
    part_of(path, 0).write_bytes(CONTENT + b"more")
    download(size=size)
    assert path.read_bytes() == CONTENT
    assert [request.status for request in archive.requests] == ([200] if size else [416, 200])


def test_a_body_shorter_than_promised_is_a_broken_connection(
    archive: ArchiveServer, path: Path, download: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    archive.faults.surplus = 10
    download(size=None)
    assert path.read_bytes() == CONTENT
    assert [request.status for request in archive.requests] == [200, 416]
    assert "broke" in capsys.readouterr().out


def test_an_answer_that_ends_early_without_a_word_is_kept(
    archive: ArchiveServer, path: Path, download: Callable[..., None]
) -> None:
    archive.faults.chunked, archive.content = True, CONTENT[:-10]
    refused(download, "599990 bytes instead of 600000")
    archive.content = CONTENT
    download()
    assert path.read_bytes() == CONTENT
    assert [request.first_byte for request in archive.requests] == [0, 599_990, 599_990]


def test_another_size_than_published(archive: ArchiveServer, path: Path, download: Callable[..., None]) -> None:
    refused(lambda: download(size=len(CONTENT) + 1), "600000 bytes instead of 600001")
    assert not part_of(path).exists()


@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_a_wrong_checksum(archive: ArchiveServer, path: Path, download: Callable[..., None], size: int | None) -> None:
    archive.content = CONTENT[:-1] + b"?"
    found = f"md5:{hashlib.md5(archive.content).hexdigest()}"
    refused(lambda: download(size=size), CHECKSUM, found, "deleted", "Run the same command again")
    assert not path.exists()
    assert not part_of(path).exists()
    archive.content = CONTENT
    download()
    assert path.read_bytes() == CONTENT


def test_without_a_checksum_the_length_is_checked(
    archive: ArchiveServer, path: Path, download: Callable[..., None]
) -> None:
    archive.faults.chunked = True
    archive.content = CONTENT + b"more"
    refused(lambda: download(checksum=None), "600004 bytes, expected 600000 bytes", "deleted")
    assert not path.exists()


def test_an_unknown_kind_of_checksum_is_a_mistake_of_the_caller(path: Path) -> None:
    with pytest.raises(ValueError, match="crc32"):
        fetch.fetch("http://127.0.0.1:9", path, "crc32:00")


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal(archive: ArchiveServer, path: Path, download: Callable[..., None], status: int) -> None:
    archive.faults.status = status
    with pytest.raises(http.RefusedError) as error:
        download()
    assert error.value.status == status
    assert str(status) in str(error.value)
    assert f"{archive.address}/songs.zip" in str(error.value)
    assert SECRET not in str(error.value)
    assert len(archive.requests) == 1
    assert not part_of(path).exists()


def test_a_web_page_is_a_refusal(archive: ArchiveServer, path: Path, download: Callable[..., None]) -> None:
    archive.faults.page = True
    part_of(path, 100)
    refused(download, "web page", kind=http.RefusedError)
    assert part_of(path).read_bytes() == CONTENT[:100]


@pytest.mark.parametrize("status", http.BUSY)
def test_a_busy_server_is_asked_again(
    archive: ArchiveServer,
    path: Path,
    download: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    status: int,
) -> None:
    archive.faults.status, archive.faults.status_times = status, 2
    download()
    assert path.read_bytes() == CONTENT
    assert [request.status for request in archive.requests] == [status, status, 200]
    assert f"status {status}" in capsys.readouterr().out


@pytest.mark.parametrize(("longest", "expected"), [(120.0, 1.0), (0.2, 0.2)])
def test_the_server_says_how_long_to_wait_within_limits(
    archive: ArchiveServer,
    path: Path,
    download: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    longest: float,
    expected: float,
) -> None:
    monkeypatch.setattr(http, "LONGEST_PAUSE", longest)
    archive.faults.status, archive.faults.status_times, archive.faults.retry_after = 429, 1, "1"
    download()
    first, second = archive.requests
    assert expected <= second.time - first.time < expected + 0.7


def test_a_server_that_stays_busy(archive: ArchiveServer, path: Path, download: Callable[..., None]) -> None:
    archive.faults.status = 503
    part_of(path, 200_000)
    refused(download, "status 503", "200.0 kB are kept", "Run the same command again")
    assert len(archive.requests) == http.TRIES
    archive.faults.status = None
    download()
    assert archive.requests[-1].first_byte == 200_000


def test_a_busy_server_in_a_session_of_the_callers(archive: ArchiveServer, path: Path) -> None:
    archive.faults.status = 503
    with requests.Session() as session:
        refused(
            lambda: fetch.fetch(archive.address, path, None, session=session), "status 503", "nothing is downloaded"
        )


def test_nobody_listens(path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://user:{SECRET}@127.0.0.1:{free.getsockname()[1]}/songs.zip?token={SECRET}"
    part_of(path, 100_000)
    refused(lambda: fetch.fetch(url, path, CHECKSUM), "no connection to 127.0.0.1", "100.0 kB are kept", "again")
    assert part_of(path).read_bytes() == CONTENT[:100_000]


def test_a_name_that_is_not_found(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def unknown(*arguments: object, **options: object) -> None:
        asked.append(arguments)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    url = f"http://nowhere.invalid/songs.zip?token={SECRET}"
    refused(lambda: fetch.fetch(url, path, CHECKSUM), "host nowhere.invalid not found", "nothing is downloaded")
    assert len(asked) == http.TRIES


def test_no_space_is_noticed_before_anything_is_written(
    archive: ArchiveServer,
    path: Path,
    download: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    part_of(path, 100_000)
    needed = 500_000 + 3_000_000
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(needed - 1000))
    refused(lambda: download(room=3_000_000), "3.5 MB of disk space", "Free another 1.0 kB", str(path.parent))
    assert "600.0 kB from 127.0.0.1, of which 100.0 kB are downloaded already" in capsys.readouterr().out
    assert part_of(path).read_bytes() == CONTENT[:100_000]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(needed))
    download(room=3_000_000)
    assert path.read_bytes() == CONTENT


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=256k", "none") as disk:
        yield disk


def test_a_disk_that_fills_up(archive: ArchiveServer, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9))
    path = small_disk / "songs.zip"
    url = f"{archive.address}/songs.zip"
    refused(lambda: fetch.fetch(url, path, CHECKSUM), f"{small_disk}: no space left", "are kept", "Free some space")
    kept = part_of(path).read_bytes()
    assert len(kept) > 200_000
    assert kept == CONTENT[: len(kept)]
    subprocess.run(["mount", "-o", "remount,size=2M", str(small_disk)], check=True)
    fetch.fetch(url, path, CHECKSUM)
    assert path.read_bytes() == CONTENT
    assert archive.requests[-1].first_byte == len(kept)


def test_a_folder_that_cannot_be_written(tmp_path: Path, archive: ArchiveServer) -> None:
    (tmp_path / "file").write_text("")
    refused(lambda: fetch.fetch(archive.address, tmp_path / "file" / "songs.zip", None), str(tmp_path / "file"))
