"""Limits on requests to the page: origin, address, size and number."""

import asyncio
import os
import shutil
import sys
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse

from cunet.errors import first_line
from cunet.names import readable

MEGABYTE = 2**20
LARGEST_UPLOAD = 500 * MEGABYTE
LARGEST_CALL = MEGABYTE // 16  # any other request
FORM = MEGABYTE  # of an upload, around its file
KEPT_BYTES, KEPT_SECONDS = 16 * LARGEST_UPLOAD, 1800  # uploads and estimates
LEAST_COUNTED = MEGABYTE  # bytes that a file counts for in KEPT_BYTES, which bounds the number of files
STALLED_SECONDS, UPLOAD_SECONDS = 30, 600  # without a byte; in all
MOST_REQUESTS = 100  # open at a time, of all tabs
SHOWN_CHARACTERS = 100  # of an address in a warning
API, CALL, UPLOAD = "/gradio_api/", "call/", "upload"
# Gradio's other routes are for editors, servers and components that the page does not have.
POSTED = {"cancel", "queue/join", "reset", UPLOAD}
FETCHED = {"app_id", "info", "queue/data", "startup-events", "upload_progress"}
FETCHED_PREFIXES = (CALL, "file=", "heartbeat/")
Headers = dict[str, list[str]]


def make_room(folder: Path, size: int = 0) -> None:
    """Delete old files in a folder, and as many of the oldest as it takes for `size` more bytes to fit."""
    files = []
    for path in folder.rglob("*"):
        with suppress(OSError):  # deleted in the meantime
            if path.is_file():
                files.append((path.stat().st_mtime, path.stat().st_size, path))
    total, free = size + sum(_counted(taken) for _, taken, _ in files), shutil.disk_usage(folder).free
    for changed, taken, path in sorted(files):
        if total <= KEPT_BYTES and size <= free and time.time() - changed < KEPT_SECONDS:
            return
        total, free = total - _counted(taken), free + taken
        with suppress(OSError):
            path.unlink()
            path.parent.rmdir()  # each has a folder of its own


def _counted(size: int) -> int:
    return max(LEAST_COUNTED, size)


class Guard:
    """Passes on what the page itself sends, within bounds; answers everything else with a sentence.

    Errors in Gradio's routes end here: they come from calls that the page does not make.

    Args:
        hosts: names of the page as browsers send them, such as localhost:7860.
        folder: uploads and estimates.
    """

    def __init__(self, app: Any, hosts: set[str], folder: Path) -> None:
        self._app, self._hosts, self._folder = app, hosts, folder
        self._open = 0
        self._uploading = asyncio.Lock()  # one at a time; those of a page are done in seconds

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if self._open >= MOST_REQUESTS:
            await PlainTextResponse("too many requests at once", 503)(scope, receive, send)
            return
        self._open += 1
        try:
            await _Answer(scope, send).of(self._checked, receive)
        finally:
            self._open -= 1

    async def _checked(self, scope: Any, receive: Any, send: Any) -> None:
        headers: Headers = defaultdict(list)
        for name, value in scope["headers"]:
            headers[name.decode("latin-1")].append(value.decode("latin-1").lower())
        self._check_origin(scope, headers)
        posted = scope["method"] not in ("GET", "HEAD")
        path = scope["path"].rstrip("/")
        if not _is_known(path, posted):
            raise HTTPException(404, "unknown address")
        if headers["transfer-encoding"]:  # the server would believe it, and not the length that is checked here
            raise HTTPException(411, "Transfer-Encoding is not supported: send Content-Length")
        if not posted:
            await self._app(scope, receive, send)
            return
        size, upload = _size(headers), path == API + UPLOAD
        if size > (LARGEST_UPLOAD + FORM if upload else LARGEST_CALL):
            raise _too_large()
        answer = self._upload if upload else self._call
        await answer(size, scope, _bounded(receive, size), send)

    def _check_origin(self, scope: Any, headers: Headers) -> None:
        """Refuse what pages of other servers send to this one, under this name or another (DNS rebinding)."""
        own = len(headers["host"]) == 1 and self._hosts.issuperset(headers["host"])
        own &= self._hosts.issuperset(origin.removeprefix("http://") for origin in headers["origin"])
        link = headers["sec-fetch-mode"] == ["navigate"] and headers["sec-fetch-dest"] == ["document"]
        foreign = not {"same-origin", "none"}.issuperset(headers["sec-fetch-site"])
        if scope["type"] != "http" or not own or (foreign and not (link and scope["method"] == "GET")):
            raise HTTPException(403, "this page answers only its own machine")

    async def _call(self, _: int, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)

    async def _upload(self, size: int, scope: Any, receive: Any, send: Any) -> None:
        async def received() -> Any:
            return await asyncio.wait_for(receive(), STALLED_SECONDS)

        async with self._uploading:
            make_room(self._folder, size)
            try:
                async with asyncio.timeout(UPLOAD_SECONDS):
                    await self._app(scope, received, send)
            finally:
                for left in self._folder.glob("tmp*"):  # of one that was broken off
                    os.truncate(left, 0)  # it is still open, and would keep its place on the disk
                    left.unlink()


class _Answer:
    """The answer to a request: the page's, or a sentence if it fails."""

    def __init__(self, scope: Any, send: Any) -> None:
        self._scope, self._send = scope, send
        self._begun = self._ended = False

    async def of(self, app: Any, receive: Any) -> None:
        try:
            await app(self._scope, receive, self._sent)
        except ClientDisconnect:
            pass
        except HTTPException as error:
            await self._fail(error.status_code, error.detail, receive)
        except TimeoutError:
            await self._fail(408, "the upload takes too long", receive)
        except OSError as error:
            await self._fail(507, f"the file cannot be kept ({error.strerror})", receive)
        except Exception as error:  # of a route of Gradio, for values that it does not expect
            path = readable(self._scope["path"][:SHOWN_CHARACTERS])
            print(f"warning: {path}: invalid request ({first_line(error)})", file=sys.stderr)
            await self._fail(400, "invalid request", receive)

    async def _sent(self, message: Any) -> None:
        self._begun = True
        self._ended = message["type"] == "http.response.body" and not message.get("more_body", False)
        await self._send(message)

    async def _fail(self, status: int, text: str, receive: Any) -> None:
        with suppress(Exception):  # nobody listens any more
            if not self._begun:
                await PlainTextResponse(text, status)(self._scope, receive, self._send)
            elif not self._ended:
                await self._send({"type": "http.response.body", "body": b""})


def _size(headers: Headers) -> int:
    """Bytes of a request's body, which it must declare."""
    declared = headers["content-length"]
    if len(declared) != 1 or not declared[0].isdecimal():
        raise HTTPException(411, "Content-Length is missing")
    return int(declared[0])


def _bounded(receive: Any, size: int) -> Any:
    """Receive a body of at most its declared size, whatever the server takes for its end."""
    left = size

    async def received() -> Any:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise _too_large()
        return message

    return received


def _too_large() -> HTTPException:
    return HTTPException(413, f"request too large: at most {LARGEST_UPLOAD // MEGABYTE} MB per upload")


def _is_known(path: str, posted: bool) -> bool:
    """Whether the page uses an address; outside Gradio's API are only its files, which are fetched."""
    name = path.removeprefix(API)
    if posted:
        return name != path and (name in POSTED or name.startswith(CALL))
    return name == path or name in FETCHED or name.startswith(FETCHED_PREFIXES)
