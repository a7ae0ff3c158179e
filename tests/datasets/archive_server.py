"""A local HTTP server of one file, with the faults that downloads meet."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import parse_qs, urlsplit

PIECE = 16 * 1024  # bytes written at once
FOREVER = 10**9


@dataclass
class Faults:
    """What the server does wrong, and what it demands."""

    cut_after: int | None = None  # bytes of an answer's body, then the connection ends
    cuts: int = FOREVER  # answers that are cut
    silent_after: int | None = None  # bytes of an answer's body, then nothing more comes; as often as `cuts`
    ranges: Literal["honoured", "ignored", "shifted", "refused"] = "honoured"
    status: int | None = None
    status_times: int = FOREVER
    retry_after: str | None = None
    surplus: int = 0  # bytes that Content-Length promises beyond the body
    chunked: bool = False  # the length is not told
    encoding: str | None = None  # a Content-Encoding that is claimed, without being applied
    page: bool = False  # a page to sign in, status 200
    pause: float = 0.0  # seconds between pieces of 16 KiB
    bearer: str | None = None
    share: str | None = None  # token in the query
    cookie: bool = False  # with `share`: the cookie that the record's page sets is demanded as well
    redirect: str | None = None  # where the file is instead
    broken_header: bool = False


@dataclass
class Request:
    """One request: what was asked for, when (s), and how many bytes of the file were sent."""

    path: str
    headers: dict[str, str]
    time: float
    status: int = 0
    sent: int = 0

    @property
    def first_byte(self) -> int:
        return int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))


@dataclass
class ArchiveServer:
    """The file, its faults, and the requests so far."""

    content: bytes
    faults: Faults = field(default_factory=Faults)
    requests: list[Request] = field(default_factory=list)
    port: int = 0
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def files(self) -> list[Request]:
        """Requests of the file, not of the record's page."""
        return [request for request in self.requests if not request.path.startswith("/records/")]


@contextmanager
def serve(content: bytes) -> Iterator[ArchiveServer]:
    """Serve `content` at every path but `/records/...` of a free port of this machine."""
    archive = ArchiveServer(content)

    class Handler(_Handler):
        server_state = archive

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    archive.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield archive
    finally:
        archive.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: ArchiveServer

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.request_record = Request(self.path, dict(self.headers), time.monotonic())
        self.server_state.requests.append(self.request_record)
        try:
            self._answer()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _answer(self) -> None:
        faults = self.server_state.faults
        path = urlsplit(self.path).path
        if path.startswith("/records/"):
            self._page("the record", {"Set-Cookie": "session=open; Path=/"} if self._shared() else {})
        elif faults.redirect and path != urlsplit(faults.redirect).path:
            self._send(302, b"", {"Location": faults.redirect})
        elif faults.status is not None and len(self.server_state.files) <= faults.status_times:
            self._send(faults.status, b"{}", {"Retry-After": faults.retry_after} if faults.retry_after else {})
        elif faults.bearer and self.headers.get("Authorization") != f"Bearer {faults.bearer}":
            self._send(403, b"{}")
        elif faults.share and not (self._shared() and (self._has_cookie() or not faults.cookie)):
            self._send(404, b"{}")
        elif faults.page:
            self._page("sign in")
        else:
            self._file(faults)

    def _shared(self) -> bool:
        return parse_qs(urlsplit(self.path).query).get("token") == [self.server_state.faults.share]

    def _has_cookie(self) -> bool:
        return "session=open" in self.headers.get("Cookie", "")

    def _file(self, faults: Faults) -> None:
        content = self.server_state.content
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if asked is None or faults.ranges == "ignored":
            self._send(200, content, self._length(len(content)))
            return
        first = int(asked[1])
        if first >= len(content) or faults.ranges == "refused":
            self._send(416, b"", {"Content-Range": f"bytes */{len(content)}"})
            return
        first += faults.ranges == "shifted"
        described = {"Content-Range": f"bytes {first}-{len(content) - 1}/{len(content)}"}
        self._send(206, content[first:], described | self._length(len(content) - first))

    def _length(self, length: int) -> dict[str, str]:
        faults = self.server_state.faults
        claimed = {"Content-Encoding": faults.encoding} if faults.encoding else {}
        if faults.chunked:
            return claimed | {"Transfer-Encoding": "chunked"}
        return claimed | {"Content-Length": str(length + faults.surplus)}

    def _page(self, text: str, headers: dict[str, str] | None = None) -> None:
        self._send(200, f"<html>{text}</html>".encode(), {"Content-Type": "text/html; charset=utf-8"} | (headers or {}))

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(len(body))} | (headers or {})
        if "Transfer-Encoding" in headers:
            del headers["Content-Length"]
        self.request_record.status = status
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.server_state.faults.broken_header:
            self.send_header("this is no header\r\nX", "y")
        self.end_headers()
        self._send_body(body, "Transfer-Encoding" in headers, status in (200, 206))

    def _send_body(self, body: bytes, chunked: bool, is_file: bool) -> None:
        faults = self.server_state.faults
        faulty = is_file and len(self.server_state.files) <= faults.cuts
        end = min(
            len(body), *(n for n in (faults.cut_after, faults.silent_after) if faulty and n is not None), len(body)
        )
        for at in range(0, end, PIECE):
            piece = body[at : min(at + PIECE, end)]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            self.request_record.sent += len(piece)
            self.server_state.closing.wait(faults.pause)
        if end < len(body):
            if faults.silent_after is not None:
                self.server_state.closing.wait(10)
            self.close_connection = True
        elif chunked:
            self.wfile.write(b"0\r\n\r\n")
        elif faults.surplus:
            self.close_connection = True
