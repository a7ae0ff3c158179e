"""Download of one large file over HTTP: resumed after interruptions, verified, and in place only when complete."""

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
from cunet.files import put_in_place

PROGRESS = 10**8  # bytes; after this many new ones, the count of broken connections starts again
AGAIN = "Run the same command again to continue"


class _BrokenError(Exception):
    """The response ended before the file did."""


def fetch(
    url: str,
    path: Path,
    checksum: str | None,
    size: int | None = None,
    room: int = 0,
    session: requests.Session | None = None,
) -> None:
    """Download `url` to `path`, which appears when it is complete and verified; an existing `path` is left alone.

    Data go to `<path>.part`, which survives failures and from which the next call resumes. A second download of the
    same file waits for the first, by `<path>.lock`.

    Args:
        url: address; its query is never shown.
        path: target; its folder is created.
        checksum: `md5:<hex>` or `sha256:<hex>`; without it only the length is checked.
        size: size of the file in bytes, if known.
        room: bytes on the same disk that unpacking will need.
        session: for credentials; should come from `new_session`, which retries when the server is busy.

    Raises:
        RefusedError: the server refuses the file.
        UserError: no connection, a busy server, no disk space, or an unexpected file; tells what is kept.
        ValueError: an unknown kind of checksum.
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
            put_in_place(part, path)
    except OSError as error:
        raise UserError(_disk_trouble(error, part)) from None


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Allow one download of `path` at a time; the operating system releases the lock when the process ends."""
    lock = FileLock(f"{path}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        tqdm.write(f"{path}: another process is downloading it; waiting")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@dataclass
class _Download:
    """One download in progress; sizes in bytes."""

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
            self._start_over("the partial file is too large")
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
            raise UserError(f"{self._shown}: {cause}; {_kept(self.part)}. {AGAIN}.") from None
        pause = min(http.PAUSE * 2 ** (tries - 1), http.LONGEST_PAUSE)
        where = f"resuming at {self._progress}" if self.kept and self.resumable else "starting again"
        tqdm.write(f"{self.name}: {cause}; {where} in {pause:.0f} s")
        time.sleep(pause)

    def _request(self) -> bool:
        """Request the missing part and receive it; False: nothing came, request the whole file."""
        start = self.kept if self.resumable else 0
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        with self.session.get(self.url, headers=headers, stream=True, timeout=http.TIMEOUT) as response:
            first, total = http.content_range(response)
            if start and response.status_code == 416:
                if total == start:
                    self._expect(total)
                    return True
                return self._start_over("the server does not have the missing part")
            http.check_answer(response, self.url, _kept(self.part), AGAIN)
            if response.status_code == 206 and first != start:
                if start:
                    return self._start_over("the server sent another part than requested")
                raise http.RefusedError(f"{self._shown}: the server sent only a part of the file", 206)
            if start and response.status_code == 200:
                tqdm.write(f"{self.name}: the server cannot resume; starting from the beginning")
            self._expect(total)
            self._announce()
            self._receive(response, first or 0)
        return True

    def _start_over(self, why: str) -> bool:
        tqdm.write(f"{self.name}: {why}; starting from the beginning")
        self.resumable = False
        return False

    def _expect(self, total: int | None) -> None:
        """Check the file's size against the published one."""
        if self.published is None:
            self.total = total
        elif total is not None and total != self.published:
            raise UserError(
                f"{self._shown}: not the expected file: it has {total} bytes instead of {self.published}; "
                f"{_kept(self.part)}"
            )

    def _announce(self) -> None:
        """Print the size of the download and the disk space it needs, once, before anything is written."""
        if self.announced:
            return
        self.announced = True
        needed = max(0, (self.total or 0) - self.kept) + self.room
        free = shutil.disk_usage(self.part.parent).free
        size = "unknown size" if self.total is None else human(self.total)
        tqdm.write(
            f"{self.name}: {size} from {self._host}, of which {human(self.kept)} are downloaded already; disk space: "
            f"{human(needed)} needed, with unpacking, {human(free)} free"
        )
        try:
            require_space(self.part.parent, needed, f"to download and unpack {self.name}")
        except UserError as error:
            raise UserError(f"{error} ({_kept(self.part)})") from None

    def _receive(self, response: requests.Response, start: int) -> None:
        """Write the response to `part` from byte `start` on, as sent, without decoding its Content-Encoding."""
        with (
            self.part.open("ab" if start else "wb") as file,
            progress_bar(self.name, start, self.total) as bar,
        ):
            # When a connection breaks, read1 returns what has arrived; read and iter_content lose it.
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
    """Delete a `part` with the wrong size or checksum, and raise UserError."""
    if size is not None and length(part) != size:
        _discard(part, f"{length(part)} bytes", f"{size} bytes")
    if checksum is not None and (found := checksum_of(part, checksum)) != checksum.lower():
        _discard(part, f"checksum {found}", checksum)


def _discard(part: Path, found: str, expected: str) -> None:
    part.unlink()
    raise UserError(
        f"{part}: the download is damaged or another file ({found}, expected {expected}) and was deleted. "
        "Run the same command again to download it."
    )


def _disk_trouble(error: OSError, part: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{part.parent}: no space left; {_kept(part)}. Free some space. {AGAIN}."
    return f"{error.filename or part}: {error.strerror or type(error).__name__}; {_kept(part)}. Correct this. {AGAIN}."


def _kept(part: Path) -> str:
    return f"{human(length(part))} are kept in {part}" if length(part) else "nothing is downloaded yet"
