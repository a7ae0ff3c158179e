"""Download of one large file over HTTP: resumed where it broke off, checked, and there only when it is whole."""

import errno
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests
from filelock import FileLock, Timeout
from tqdm import tqdm
from urllib3.exceptions import HTTPError

from cunet.datasets import http
from cunet.datasets.disk import CHUNK, checksum_of, human, length, progress_bar, require_space
from cunet.errors import UserError

PROGRESS = 10**8  # bytes; after as many new ones a broken connection counts as the first again
AGAIN = "run the same command again to continue"


class _BrokenError(Exception):
    """The answer ended before the file did."""


def fetch(
    url: str,
    path: Path,
    checksum: str | None,
    size: int | None = None,
    room: int = 0,
    session: requests.Session | None = None,
) -> None:
    """Download `url` to `path`, which appears when it is whole and right; what is at `path` already is left alone.

    The data go to `<path>.part`, which outlives whatever goes wrong, and from which the next call goes on.
    `<path>.lock` keeps a second download of the same file waiting for the first.

    Args:
        url: its query is never shown.
        path: its folder is made.
        checksum: `md5:<hex>` or `sha256:<hex>`; without it only the length is checked.
        size: bytes of the file, where they are known beforehand.
        room: bytes on the same disk that unpacking will need.
        session: with credentials, for instance; best from `new_session`, else a busy server is not asked twice.

    Raises:
        RefusedError: the server does not give the file.
        UserError: no connection, the server is busy, no space, or not the file that was expected; says what is kept.
        ValueError: another kind of checksum.
    """
    if checksum is not None and not checksum.startswith(("md5:", "sha256:")):
        raise ValueError(f"checksum {checksum}: expected md5:<hex> or sha256:<hex>")
    part = path.with_name(f"{path.name}.part")
    try:
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path), nullcontext(session) if session else http.new_session() as used:
            if path.exists():
                return
            download = _Download(url, path.name, part, used, room, size, size)
            download.run()
            _verify(part, checksum, download.total)
            part.replace(path)
    except OSError as error:
        raise UserError(_disk_trouble(error, part)) from None


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One download of `path` at a time; the lock is the operating system's and ends with the process."""
    lock = FileLock(f"{path}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        tqdm.write(f"{path}: is being downloaded already: waiting for the other download")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@dataclass
class _Download:
    """One file on its way; sizes in bytes."""

    url: str
    name: str
    part: Path
    session: requests.Session
    room: int
    published: int | None
    total: int | None
    resumable: bool = True
    announced: bool = False

    @property
    def kept(self) -> int:
        return length(self.part)

    def run(self) -> None:
        """Fill `part`, over as many connections as it takes."""
        if self.published is not None and self.kept > self.published:
            self._start_over("there is more of it than there should be")
        if self.kept and self.kept == self.published:
            return
        best, tries = self.kept, 0
        while True:
            try:
                if self._request():
                    return
            except (_BrokenError, requests.RequestException, HTTPError) as error:
                if self.kept >= best + PROGRESS:
                    best, tries = self.kept, 0
                tries += 1
                self._wait(tries, http.cause_of(error, self._host))

    def _wait(self, tries: int, cause: str) -> None:
        if tries >= http.TRIES:
            raise UserError(f"{self._shown}: {cause}: {_kept(self.part)}; {AGAIN}") from None
        pause = min(http.PAUSE * 2 ** (tries - 1), http.LONGEST_PAUSE)
        where = f"resumes at {self._progress}" if self.kept and self.resumable else "starts again"
        tqdm.write(f"{self.name}: {cause}: {where} in {pause:.0f} s")
        time.sleep(pause)

    def _request(self) -> bool:
        """Ask for what is missing, and take it; False: nothing came, the whole must be asked for."""
        start = self.kept if self.resumable else 0
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        with self.session.get(self.url, headers=headers, stream=True, timeout=http.TIMEOUT) as response:
            first, total = http.content_range(response)
            if start and response.status_code == 416:
                if total == start:
                    self._expect(total)
                    return True
                return self._start_over("the server has no such part of it")
            http.check_answer(response, self.url, _kept(self.part), AGAIN)
            if response.status_code == 206 and first != start:
                if start:
                    return self._start_over("the server sends another part than the one asked for")
                raise http.RefusedError(f"{self._shown}: the server sends only a part of the file", 206)
            if start and response.status_code == 200:
                tqdm.write(f"{self.name}: the server does not resume: from the beginning again")
            self._expect(total)
            self._announce()
            self._receive(response, first or 0)
        return True

    def _start_over(self, why: str) -> bool:
        tqdm.write(f"{self.name}: {why}: from the beginning again")
        self.resumable = False
        return False

    def _expect(self, total: int | None) -> None:
        """The file must be as long as it is published to be."""
        if self.published is None:
            self.total = total
        elif total is not None and total != self.published:
            raise UserError(
                f"{self._shown}: the server's file has {total} bytes, but {self.published} are expected: "
                f"it is another file; {_kept(self.part)}"
            )

    def _announce(self) -> None:
        """Say what comes and what space it takes, once, before anything is written."""
        if self.announced:
            return
        self.announced = True
        needed = max(0, (self.total or 0) - self.kept) + self.room
        free = shutil.disk_usage(self.part.parent).free
        size = "unknown size" if self.total is None else human(self.total)
        tqdm.write(
            f"{self.name}: {size} from {self._host}, {human(self.kept)} of it there; disk space needed "
            f"(unpacking included) {human(needed)}, free {human(free)}"
        )
        try:
            require_space(self.part.parent, needed, f"to download and unpack {self.name}")
        except UserError as error:
            raise UserError(f"{error}; {_kept(self.part)}") from None

    def _receive(self, response: requests.Response, start: int) -> None:
        """Write the answer to `part` from byte `start` on, as it is sent, whatever its Content-Encoding."""
        with (
            self.part.open("ab" if start else "wb") as file,
            progress_bar(self.name, start, self.total) as bar,
        ):
            # What has arrived at a break is handed over by read1, and lost by read and iter_content.
            while chunk := response.raw.read1(CHUNK, decode_content=False):
                file.write(chunk)
                bar.update(len(chunk))
            file.flush()
            os.fsync(file.fileno())
        if self.total is not None and self.kept < self.total:
            raise _BrokenError

    @property
    def _shown(self) -> str:
        return http.shown_address(self.url)

    @property
    def _host(self) -> str:
        return urlsplit(self.url).hostname or "the server"

    @property
    def _progress(self) -> str:
        return human(self.kept) if self.total is None else f"{human(self.kept)} of {human(self.total)}"


def _verify(part: Path, checksum: str | None, size: int | None) -> None:
    """Delete a `part` that is not the file, and say so."""
    if size is not None and length(part) != size:
        _discard(part, f"{length(part)} bytes", f"{size} bytes")
    if checksum is not None and (found := checksum_of(part, checksum)) != checksum.lower():
        _discard(part, f"checksum {found}", checksum)


def _discard(part: Path, found: str, expected: str) -> None:
    part.unlink()
    raise UserError(
        f"{part}: what came is damaged or another file ({found}, expected {expected}); it is deleted: "
        "run the same command again to download it"
    )


def _disk_trouble(error: OSError, part: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{part.parent}: no space left: {_kept(part)}; make room and {AGAIN}"
    return f"{error.filename or part}: {error.strerror or type(error).__name__}: {_kept(part)}; mend that and {AGAIN}"


def _kept(part: Path) -> str:
    return f"{human(length(part))} are kept in {part}" if length(part) else "nothing is downloaded yet"
