"""Requests over HTTP: sessions that are patient, and what answers and errors mean in words."""

import logging
import re
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from tqdm import tqdm
from urllib3.exceptions import (
    ConnectTimeoutError,
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
TIMEOUT = (15.0, 60.0)  # seconds to connect, and between two pieces of data
BUSY = (429, 500, 502, 503, 504)
CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")


class RefusedError(UserError):
    """The server answers, but not with the file; `status` is that of its answer (200: a web page)."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


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
        connect=0,  # broken connections are for the download, which knows how much is there
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


def check_answer(response: requests.Response, url: str, kept: str, again: str) -> None:
    """Check that an answer brings data; `kept` and `again` say what was kept, and how to go on.

    Raises:
        RefusedError: the server does not give the file.
        UserError: it is busy.
    """
    status, shown = response.status_code, shown_address(url)
    if status == 429 or status >= 500:
        raise UserError(f"{shown}: the server is busy or out of order (status {status}): {kept}; {again}, later")
    if status not in (200, 206):
        raise RefusedError(
            f"{shown}: the server refuses the file (status {status}): check the address and your right to it",
            status,
        )
    if response.headers.get("Content-Type", "").lower().startswith("text/html"):
        raise RefusedError(
            f"{shown}: a web page in place of the file (a page to sign in?): check your right to the file",
            status,
        )


def content_range(response: requests.Response) -> tuple[int | None, int | None]:
    """First byte of the answer's part and size of the whole file, as far as the server tells them."""
    if response.status_code == 200:
        length = response.headers.get("Content-Length", "")
        return 0, int(length) if length.isdecimal() else None
    found = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    first, total = found.groups() if found else (None, None)
    return int(first) if first else None, int(total) if total and total != "*" else None


def cause_of(error: Exception, host: str) -> str:
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


def shown_address(url: str) -> str:
    """`url` without what may be secret in it: user, password and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
