"""Requests that the page does not send: invalid, too large or too many."""

import asyncio
import errno
import json
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio.exceptions import ComponentProcessingError

from cunet.app import guard, page
from cunet.app.guard import make_room
from tests.app.test_page import App, running, start
from tests.pipeline.processes import wait_until
from tests.saved import save_model

SECONDS = 20.0  # that the page has to do something, on a busy machine
API = "/gradio_api"
ABOVE = "Silence"
FORM = "Content-Type: multipart/form-data; boundary=x\r\n"
PART = '--x\r\nContent-Disposition: form-data; name="files"; filename="a.wav"\r\n\r\n'


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running(tmp_path_factory.mktemp("guard")) as app:
        yield app


@pytest.fixture
def silent(app: App) -> Iterator[None]:
    """The page prints only one-line warnings."""
    before = len(app.complaints.read_text())
    yield
    said = app.complaints.read_text()[before:].splitlines()
    assert [line for line in said if not line.startswith("warning: /gradio_api/")] == []


def answer(app: App, function: str, values: object) -> tuple[bool, str]:
    """Whether a call of the page succeeds, and what it says otherwise."""
    functions = httpx.get(f"{app.address}/config").json()["dependencies"]
    number = next(found["id"] for found in functions if found["api_name"] == function)
    session = os.urandom(8).hex()
    call = json.dumps({"data": values, "fn_index": number, "session_hash": session})  # NaN and all
    httpx.post(f"{app.address}{API}/queue/join", content=call, headers={"Content-Type": "application/json"})
    with httpx.stream("GET", f"{app.address}{API}/queue/data", params={"session_hash": session}, timeout=60) as events:
        for line in events.iter_lines():
            event = json.loads(line.removeprefix("data:") or "{}")
            if event.get("msg") == "process_completed":
                return event["success"], str(event["output"].get("error"))
    raise AssertionError("no answer")


def upload(app: App, size: int) -> httpx.Response:
    return httpx.post(f"{app.address}{API}/upload", files={"files": ("a.wav", bytes(size))}, timeout=60)


def request(app: App, head: str, body: str = "") -> socket.socket:
    """Send a request as it stands, but for its host."""
    port = int(app.address.rpartition(":")[2])
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    line, _, headers = head.partition("\r\n")
    connection.sendall(f"{line} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n{body}".encode())
    return connection


def status(connection: socket.socket) -> int:
    with connection:
        return int(connection.recv(100).split()[1])


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize(
    "values",
    [
        pytest.param([ABOVE, float("nan"), 0, 1], id="nan"),
        pytest.param([ABOVE, float("inf"), 0, 1], id="inf"),
        pytest.param([ABOVE, "loud", 0, 1], id="text"),
        pytest.param([ABOVE, None, 0, 1], id="null"),
        pytest.param([ABOVE, [1], {"a": 1}, 1], id="lists"),
        pytest.param([ABOVE, 10**400, 0, 1], id="digits"),
        pytest.param(["Noise", 0, 0, 1], id="unknown choice"),
        pytest.param([None, 0, 0, 1], id="no choice"),
        pytest.param([ABOVE], id="too few"),
    ],
)
def test_invalid_values_are_refused_in_a_sentence(app: App, values: list[Any]) -> None:
    song = {"path": upload(app, 10**5).json()[0], "meta": {"_type": "gradio.FileData"}}
    done, said = answer(app, "separate", [song, *values])
    assert not done
    assert said[-1] == "."


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize(
    "song",
    ["x", 5, {}, {"path": "/etc/passwd"}, {"path": "a\0b"}, {"path": "a" * 5000}, {"url": "http://127.0.0.1:1/x.wav"}],
    ids=str,
)
def test_songs_that_were_not_uploaded_are_refused(app: App, song: Any) -> None:
    if isinstance(song, dict):
        song = song | {"meta": {"_type": "gradio.FileData"}}
    assert answer(app, "stems", [song, ABOVE]) == (False, "Invalid values. Reload the page.")


FULL = OSError(errno.ENOSPC, "No space left on device")
KEPT = "The files cannot be kept (No space left on device)."
MEMORY = "Not enough memory (refused). Close other programs, or raise this process's limit."


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize(("error", "said"), [(FULL, KEPT), (MemoryError("refused"), MEMORY)], ids=["disk", "memory"])
def test_a_full_machine_is_not_blamed_on_the_values(
    monkeypatch: pytest.MonkeyPatch, error: Exception, said: str, wrapped: bool
) -> None:
    async def failing(*_: Any) -> None:
        if wrapped:
            raise ComponentProcessingError("Audio") from error
        raise error

    monkeypatch.setattr(gr.Blocks, "preprocess_data", failing)
    with page._Page() as blocks:
        gr.Button().click(print)
    with pytest.raises(gr.Error) as refused:
        asyncio.run(blocks.process_api(0, []))
    assert refused.value.message == said


def test_a_deleted_song_is_asked_for_again(app: App) -> None:
    path = Path(upload(app, 12345).json()[0])
    path.unlink()
    said = answer(app, "stems", [{"path": str(path), "meta": {"_type": "gradio.FileData"}}, ABOVE])
    assert said == (False, "The song is no longer here: drop it on the page again.")


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", "/queue/join", '{"data": [], "fn_index": 999, "session_hash": "x"}', 400),
        ("POST", "/queue/join", "{not JSON", 422),
        ("POST", "/queue/join", "[" * 10**5, 413),
        ("POST", "/call/nothing", '{"data": []}', 400),
        ("POST", "/run/separate", '{"data": []}', 404),
        ("POST", "/component_server", "{}", 404),
        ("POST", "/process_recording", "{}", 404),
        ("GET", "/proxy=http://127.0.0.1:1/", "", 404),
        ("GET", "/dev/reload", "", 404),
        ("GET", "/infos", "", 404),
        ("GET", "/queue/status", "", 404),
        ("POST", "/reset-all", "{}", 404),
        ("GET", "/deep_link?session_hash=x", "", 404),
        ("GET", "/file=/etc/passwd", "", 403),
    ],
)
def test_unknown_addresses_and_invalid_requests_are_refused(
    app: App, method: str, path: str, body: str, expected: int
) -> None:
    kind = {"Content-Type": "application/json"}
    assert httpx.request(method, f"{app.address}{API}{path}", content=body, headers=kind).status_code == expected


@pytest.mark.usefixtures("silent")
def test_an_upload_that_is_too_large_or_of_unknown_size_is_refused(app: App) -> None:
    assert status(request(app, f"POST {API}/upload\r\n{FORM}Content-Length: 600000000\r\n")) == 413
    assert status(request(app, f"POST {API}/upload\r\n{FORM}Transfer-Encoding: chunked\r\n")) == 411


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("path", ["queue/join", "upload"])
def test_a_declared_length_does_not_hide_a_chunked_body(app: App, path: str) -> None:
    headers = f"{FORM}Content-Length: 10\r\nTransfer-Encoding: chunked\r\n"
    assert status(request(app, f"POST {API}/{path}\r\n{headers}")) == 411


@pytest.mark.parametrize("path", ["queue/join", "upload"])
def test_a_body_longer_than_declared_is_refused(tmp_path: Path, path: str) -> None:
    """No server should pass one on; the bounds hold if one does."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": f"{API}/{path}",
        "headers": [(b"host", b"localhost:1"), (b"content-length", b"10")],
    }
    read, sent = [], []

    async def receive() -> Any:
        return {"type": "http.request", "body": bytes(8), "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    async def app(_: Any, receive: Any, __: Any) -> None:
        while True:
            read.append(await receive())

    asyncio.run(guard.Guard(app, {"localhost:1"}, tmp_path)(scope, receive, send))
    assert (len(read), sent[0]["status"]) == (1, 413)
    assert sent[1]["body"] == b"request too large: at most 500 MB per upload"


@pytest.mark.usefixtures("silent")
def test_an_interrupted_upload_leaves_no_files(app: App) -> None:
    def parts() -> list[Path]:
        return list(app.temporary.glob("cunet-*/files/tmp*"))

    with request(app, f"POST {API}/upload\r\n{FORM}Content-Length: 3000000\r\n", PART + "\0" * 10**6):
        wait_until(lambda: bool(parts()), SECONDS)
    assert upload(app, 10).status_code == 200  # which comes after it
    assert parts() == []


@pytest.mark.usefixtures("silent")
def test_simultaneous_uploads_all_succeed(app: App) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(upload(app, 10**6).status_code)) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200] * 40


def test_open_streams_are_bounded_and_do_not_delay_the_end(tmp_path: Path) -> None:
    app = start(save_model(tmp_path / "model"), tmp_path / "temporary")
    with ExitStack() as stack:
        for number in range(guard.MOST_REQUESTS):
            stack.enter_context(request(app, f"GET {API}/heartbeat/{number}\r\n")).recv(10)
        assert httpx.get(app.address).status_code == 503
    wait_until(lambda: httpx.get(app.address).status_code == 200, SECONDS)
    with request(app, f"GET {API}/heartbeat/x\r\n") as stream:
        stream.recv(10)
        app.process.send_signal(signal.SIGTERM)
        app.process.wait(SECONDS)  # while the stream is open: the page does not wait for it
    assert app.complaints.read_text() == "interrupted\n"
    assert list(app.temporary.iterdir()) == []


def test_an_upload_to_a_full_disk_is_refused_and_deleted(small_disk: Path, tmp_path: Path) -> None:
    app = start(save_model(tmp_path / "model"), small_disk / "temporary")
    answer = upload(app, 2 * 10**6)
    assert (answer.status_code, answer.text) == (507, "the file cannot be kept (No space left on device)")
    assert shutil.disk_usage(small_disk).used < 10**5
    assert upload(app, 10**5).status_code == 200
    app.process.terminate()
    app.process.wait(SECONDS)
    assert app.complaints.read_text() == "interrupted\n"


def test_old_files_are_deleted_for_new_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "LEAST_COUNTED", 0)
    monkeypatch.setattr(guard, "KEPT_BYTES", 100)
    now = time.time()
    for name, age in (("stale", guard.KEPT_SECONDS + 10), ("first", 30), ("second", 20), ("third", 10)):
        path = tmp_path / name / "song.wav"
        path.parent.mkdir()
        path.write_bytes(bytes(40))
        os.utime(path, (now - age, now - age))

    def left(size: int) -> list[str]:
        make_room(tmp_path, size)
        return sorted(path.name for path in tmp_path.iterdir())

    monkeypatch.setattr(guard, "KEPT_BYTES", 120)
    assert left(0) == ["first", "second", "third"]
    assert left(40) == ["second", "third"]
    assert left(120) == []


def test_deleted_files_free_only_their_own_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    for name in ("first", "second", "third"):
        (tmp_path / name).write_bytes(bytes(40))
    make_room(tmp_path, 80)
    assert len(list(tmp_path.iterdir())) == 1
