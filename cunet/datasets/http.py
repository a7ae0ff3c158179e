"""HTTP requests: sessions that retry, and readable messages for responses and errors."""

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

TRIES = 5  # broken connections, or responses of a busy server, before the download fails
PAUSE = 2.0  # seconds before the second try, doubled before each further one
LONGEST_PAUSE = 120.0  # seconds, even if the server asks for more
TIMEOUT = (15.0, 60.0)  # seconds to connect, and between two pieces of data
BUSY = (429, 500, 502, 503, 504)
CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")


class RefusedError(UserError):
    """The server responds, but not with the file; `status` is that of its response (200: a web page)."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class _Retry(Retry):
    """Retries with visible pauses of limited length."""

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """The pause that the server asks for, in seconds, at most `LONGEST_PAUSE`."""
        seconds = super().get_retry_after(response)
        return None if seconds is None else min(seconds, LONGEST_PAUSE)

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        """Print the length of the pause, and pause."""
        if response is not None:
            seconds = self.get_retry_after(response) or self.get_backoff_time()
            tqdm.write(f"the server is busy (status {response.status}); next try in {seconds:.0f} s")
        super().sleep(response)


def new_session() -> requests.Session:
    """A session that repeats requests, with growing pauses, while the server is busy."""
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # its warnings quote whole addresses, including tokens
    retry = _Retry(
        total=None,
        connect=0,  # the download handles broken connections: it knows how much has arrived
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
    """Check that a response has data; `kept` and `again` tell what was kept and how to continue.

    Raises:
        RefusedError: the server refuses the file.
        UserError: it is busy.
    """
    status, shown = response.status_code, shown_address(url)
    if status == 429 or status >= 500:
        raise UserError(f"{shown}: the server is busy or out of order (status {status}); {kept}. {again} later.")
    if status not in (200, 206):
        raise RefusedError(
            f"{shown}: the server refuses the file (status {status}). Check the address and your access rights.",
            status,
        )
    if response.headers.get("Content-Type", "").lower().startswith("text/html"):
        raise RefusedError(
            f"{shown}: a web page instead of the file, perhaps a login page. Check your access rights.",
            status,
        )


def content_range(response: requests.Response) -> tuple[int | None, int | None]:
    """First byte of the response's part and size of the whole file, as far as the server gives them."""
    if response.status_code == 200:
        length = response.headers.get("Content-Length", "")
        return 0, int(length) if length.isdecimal() else None
    found = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    first, total = found.groups() if found else (None, None)
    return int(first) if first else None, int(total) if total and total != "*" else None


def cause_of(error: Exception, host: str) -> str:
    """Why a connection broke, in our own words: messages of the libraries quote the address with its query."""
    match getattr(error.args[0], "reason", error) if error.args else error:
        case NameResolutionError():
            return f"host {host} not found (no network?)"
        case NewConnectionError() | ConnectTimeoutError():
            return f"no connection to {host}"
        case ProxyError():
            return f"no connection to {host} through the proxy"
        case SSLError():
            return f"no secure connection to {host} (invalid certificate?)"
        case ReadTimeoutError():
            return f"no more data from {host}"
    return f"the connection to {host} broke"


def shown_address(url: str) -> str:
    """`url` without its possibly secret parts: user, password and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
