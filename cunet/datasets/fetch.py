"""Download of one large file over HTTP: resumed where it broke off, checked, and there only when it is whole."""

import errno
import hashlib
import logging
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Never
from urllib.parse import urlsplit

import requests
from filelock import FileLock, Timeout
from requests.adapters import HTTPAdapter
from tqdm import tqdm
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry

from cunet.errors import UserError

TRIES = 5  # connections that may break, and answers that may say "busy", before the user is told
PAUSE = 2.0  # seconds before the second try, twice as many before every other
LONGEST_PAUSE = 120.0  # seconds, whatever the server asks for
PROGRESS = 10**8  # bytes; after as many new ones a broken connection counts as the first again
TIMEOUT = (15.0, 60.0)  # seconds to connect, and between two pieces of data
CHUNK = 2**18  # bytes
BUSY = (429, 500, 502, 503, 504)
UNITS = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
AGAIN = "run the same command again to continue"
CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")


class RefusedError(UserError):
    """The server answers, but not with the file; `status` is that of its answer (200: a web page)."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class _BrokenError(Exception):
    """The answer ended before the file did."""


class _Retry(Retry):
    """Pauses that the user hears of, and that the server cannot make too long."""

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """What the server asks for, in seconds, at most `LONGEST_PAUSE`."""
        seconds = super().get_retry_after(response)
        return None if seconds is None else min(seconds, LONGEST_PAUSE)

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        """Say how long the pause is, and pause."""
        if response is not None:
            seconds = self.get_retry_after(response) or self.get_backoff_time()
            tqdm.write(f"the server is busy (status {response.status}): next try in {seconds:.0f} s")
        super().sleep(response)


def new_session() -> requests.Session:
    """A session whose requests are repeated, with growing pauses, while the server says that it is busy."""
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # its warnings quote whole addresses, tokens and all
    retry = _Retry(
        total=None,
        connect=0,  # broken connections are `_Download.run`'s, which knows how much is there
        read=0,
        other=0,
        status=TRIES - 1,
        status_forcelist=BUSY,
        backoff_factor=PAUSE,
        backoff_max=LONGEST_PAUSE,
        raise_on_status=False,
    )
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


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
        with _alone(path), nullcontext(session) if session else new_session() as used:
            if path.exists():
                return
            download = _Download(url, path.name, part, used, room, size, size)
            download.run()
            _verify(part, checksum, download.total)
            part.replace(path)
    except OSError as error:
        raise UserError(_disk_trouble(error, part)) from None


def checksum_of(path: Path, like: str) -> str:
    """Checksum of a file, of the kind of `like`: `md5:<hex>` or `sha256:<hex>`."""
    algorithm = like.partition(":")[0]
    found = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file, _bar("checksum", 0, _length(path), delay=1) as bar:
        while chunk := file.read(CHUNK):
            found.update(chunk)
            bar.update(len(chunk))
    return f"{algorithm}:{found.hexdigest()}"


def require_space(folder: Path, needed: int, what: str) -> None:
    """Raise UserError where the disk of `folder` has not `needed` bytes for `what`."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UserError(
            f"{folder}: {human(needed)} of disk space are needed {what}, {human(free)} are free: "
            f"free another {human(needed - free)}"
        )


def human(size: float) -> str:
    """A number of bytes to be read, in decimal units."""
    for unit, scale in UNITS:
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size:.0f} bytes"


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
        return _length(self.part)

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
                self._wait(tries, _cause(error, self._host))

    def _wait(self, tries: int, cause: str) -> None:
        if tries >= TRIES:
            raise UserError(f"{_shown(self.url)}: {cause}: {_kept(self.part)}; {AGAIN}") from None
        pause = min(PAUSE * 2 ** (tries - 1), LONGEST_PAUSE)
        where = f"resumes at {self._progress}" if self.kept and self.resumable else "starts again"
        tqdm.write(f"{self.name}: {cause}: {where} in {pause:.0f} s")
        time.sleep(pause)

    def _request(self) -> bool:
        """Ask for what is missing, and take it; False: nothing came, the whole must be asked for."""
        start = self.kept if self.resumable else 0
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        with self.session.get(self.url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            first, total = _range(response)
            if start and response.status_code == 416:
                if total == start:
                    self._expect(total)
                    return True
                return self._start_over("the server has no such part of it")
            _check(response, self.url, self.part)
            if response.status_code == 206 and first != start:
                if start:
                    return self._start_over("the server sends another part than the one asked for")
                raise RefusedError(f"{_shown(self.url)}: the server sends only a part of the file", 206)
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
                f"{_shown(self.url)}: the server's file has {total} bytes, but {self.published} are expected: "
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
            _bar(self.name, start, self.total) as bar,
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
    def _host(self) -> str:
        return urlsplit(self.url).hostname or "the server"

    @property
    def _progress(self) -> str:
        return human(self.kept) if self.total is None else f"{human(self.kept)} of {human(self.total)}"


def _check(response: requests.Response, url: str, part: Path) -> None:
    """Only an answer that brings data passes."""
    status = response.status_code
    if status == 429 or status >= 500:
        raise UserError(
            f"{_shown(url)}: the server is busy or out of order (status {status}): {_kept(part)}; {AGAIN}, later"
        )
    if status not in (200, 206):
        raise RefusedError(
            f"{_shown(url)}: the server refuses the file (status {status}): check the address and your right to it",
            status,
        )
    if response.headers.get("Content-Type", "").lower().startswith("text/html"):
        raise RefusedError(
            f"{_shown(url)}: a web page in place of the file (a page to sign in?): check your right to the file", status
        )


def _range(response: requests.Response) -> tuple[int | None, int | None]:
    """First byte of the answer's part and size of the whole file, as far as the server tells them."""
    if response.status_code == 200:
        length = response.headers.get("Content-Length", "")
        return 0, int(length) if length.isdecimal() else None
    found = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    first, total = found.groups() if found else (None, None)
    return int(first) if first else None, int(total) if total and total != "*" else None


def _verify(part: Path, checksum: str | None, size: int | None) -> None:
    """Delete a `part` that is not the file, and say so."""
    if size is not None and _length(part) != size:
        _discard(part, f"{_length(part)} bytes", f"{size} bytes")
    if checksum is not None and (found := checksum_of(part, checksum)) != checksum.lower():
        _discard(part, f"checksum {found}", checksum)


def _discard(part: Path, found: str, expected: str) -> None:
    part.unlink()
    raise UserError(
        f"{part}: what came is damaged or another file ({found}, expected {expected}); it is deleted: "
        "run the same command again to download it anew"
    )


def _bar(name: str, initial: int, total: int | None, delay: float = 0) -> "tqdm[Never]":
    return tqdm(desc=name, initial=initial, total=total, unit="B", unit_scale=True, mininterval=1, delay=delay)


def _cause(error: Exception, host: str) -> str:
    """What broke a connection, in words of our own: the libraries' quote the address with its query."""
    match getattr(error.args[0], "reason", error) if error.args else error:
        case NameResolutionError():
            return f"the name {host} is not found (no network?)"
        case NewConnectionError() | ConnectTimeoutError():
            return f"no connection to {host}"
        case ProxyError():
            return f"the proxy gives no connection to {host}"
        case SSLError():
            return f"no connection to {host} that can be trusted (certificate?)"
        case ReadTimeoutError():
            return f"{host} fell silent"
    return f"the connection to {host} broke"


def _disk_trouble(error: OSError, part: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{part.parent}: no space left: {_kept(part)}; make room and {AGAIN}"
    return f"{error.filename or part}: {error.strerror or type(error).__name__}: {_kept(part)}; mend that and {AGAIN}"


def _kept(part: Path) -> str:
    return f"{human(_length(part))} are kept in {part}" if _length(part) else "nothing is downloaded yet"


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _shown(url: str) -> str:
    """`url` without what may be secret in it: user, password and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
