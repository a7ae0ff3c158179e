"""What stands between the page and its callers: other sites, uploads without end, calls that the page never makes."""

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
LARGEST = 500 * MEGABYTE  # of an upload
LARGEST_CALL = MEGABYTE // 16  # of everything else that is sent here
KEPT, KEEP = 16 * LARGEST, 1800  # bytes and seconds of uploads and estimates
STALLED, LONGEST_UPLOAD = 30, 600  # seconds without a byte; seconds in all
MOST = 100  # requests that are open at a time; a page has a few
LEAST = MEGABYTE  # that a file counts for, which bounds their number
API = "/gradio_api/"
UPLOAD = f"{API}upload"
# Gradio's other routes are for editors, servers and components that the page does not have.
ROUTES = ("app_id", "call/", "cancel", "file=", "heartbeat/", "info", "queue/", "reset", "startup-events", "upload")
CALLS = tuple(f"{API}{name}" for name in ("call/", "cancel", "queue/join", "reset", "upload"))
Headers = dict[str, list[str]]


def make_room(folder: Path, size: int = 0) -> None:
    """Delete old files in a folder, and as many of the oldest as it takes for `size` more bytes to fit."""
    files = []
    for path in folder.rglob("*"):
        with suppress(OSError):  # deleted in the meantime
            if path.is_file():
                files.append((path.stat().st_mtime, max(LEAST, path.stat().st_size), path))
    total, free = size + sum(taken for _, taken, _ in files), shutil.disk_usage(folder).free
    for changed, taken, path in sorted(files):
        if total <= KEPT and size <= free and time.time() - changed < KEEP:
            return
        total, free = total - taken, free + taken
        with suppress(OSError):
            path.unlink()
            path.parent.rmdir()  # each has a folder of its own


class Guard:
    """Passes on what the page itself sends, within bounds; answers everything else with a sentence.

    Errors in Gradio's routes end here: they come from calls that the page does not make.

    Args:
        hosts: names of the page, with its port, as browsers send them.
        folder: of its files.
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
        if self._open >= MOST:
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
        path = scope["path"].rstrip("/")
        posted = scope["method"] not in ("GET", "HEAD")
        unknown = path.startswith(API) and not path.removeprefix(API).startswith(ROUTES)
        if unknown or (posted and not path.startswith(CALLS)):
            raise HTTPException(404, "the page has nothing here")
        size = _size(headers) if posted else 0
        if size > (LARGEST + MEGABYTE if path == UPLOAD else LARGEST_CALL):
            raise HTTPException(413, "this is larger than the page takes")
        if posted and path == UPLOAD:
            await self._upload(size, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _check_origin(self, scope: Any, headers: Headers) -> None:
        """Refuse what pages of other servers send to this one, under this name or another (DNS rebinding)."""
        own = len(headers["host"]) == 1 and self._hosts.issuperset(headers["host"])
        own &= self._hosts.issuperset(origin.removeprefix("http://") for origin in headers["origin"])
        link = headers["sec-fetch-mode"] == ["navigate"] and headers["sec-fetch-dest"] == ["document"]
        foreign = not {"same-origin", "none"}.issuperset(headers["sec-fetch-site"])
        if scope["type"] != "http" or not own or (foreign and not (link and scope["method"] == "GET")):
            raise HTTPException(403, "this page is for its own machine alone")

    async def _upload(self, size: int, scope: Any, receive: Any, send: Any) -> None:
        async def received() -> Any:
            return await asyncio.wait_for(receive(), STALLED)

        async with self._uploading:
            make_room(self._folder, size)
            try:
                async with asyncio.timeout(LONGEST_UPLOAD):
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
            path = readable(self._scope["path"][:MOST])
            print(f"warning: {path}: a call that the page cannot answer ({first_line(error)})", file=sys.stderr)
            await self._fail(400, "the page cannot answer this", receive)

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
        raise HTTPException(411, "the length of this is not declared")
    return int(declared[0])
