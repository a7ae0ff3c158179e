"""The page as a person uses it: `cunet app` in Chromium."""

import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Browser, Locator, Page, expect

import cunet
from cunet.app.page import presets
from cunet.app.pieces import PIECE
from tests.browser import needs_chromium, new_page
from tests.player.test_element import levels
from tests.saved import save_model
from tests.separate.conftest import song
from tests.sounds import cut

pytestmark = needs_chromium
RATE = 44100
DESK, PHONE = (1280, 900), (390, 844)
on_both = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


@dataclass(frozen=True)
class App:
    """The running command, its model, the folder for temporary files that it was given, and what it complained of."""

    process: subprocess.Popen[str]
    address: str
    model: Path
    temporary: Path
    complaints: Path


def start(model: Path, temporary: Path) -> App:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    temporary.mkdir()
    complaints = model.parent / "complaints"
    command = [sys.executable, "-m", "cunet", "app", "--model", str(model), "--port", str(port)]
    with complaints.open("w") as errors:
        process = subprocess.Popen(
            ["env", f"TMPDIR={temporary}", *command], stdout=subprocess.PIPE, stderr=errors, text=True
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line == f"simple-dense: open http://127.0.0.1:{port} in a browser; Ctrl+C ends it\n"
    return App(process, f"http://127.0.0.1:{port}", model, temporary, complaints)


@contextmanager
def running(folder: Path) -> Iterator[App]:
    """The page of a small model, with its files in a folder."""
    app = start(save_model(folder / "model"), folder / "temporary")
    yield app
    app.process.terminate()
    app.process.wait(20)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running(tmp_path_factory.mktemp("app")) as app:
        yield app


@pytest.fixture
def size() -> tuple[int, int]:
    """Of the window: at a desk, unless a test asks for others."""
    return DESK


@pytest.fixture
def page(size: tuple[int, int], browser: Browser, app: App) -> Iterator[Page]:
    with new_page(browser, *size) as page:
        outside: list[str] = []
        page.on("request", lambda request: outside.append(request.url))
        page.goto(app.address)
        expect(page.get_by_role("button", name="Separate", exact=True)).to_be_visible()
        yield page
        allowed = (app.address, "data:", "blob:")
        assert [url for url in outside if not url.startswith(allowed)] == []  # it works offline


@pytest.fixture
def mixture(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "My song.wav", song(3), RATE, subtype="FLOAT")
    return tmp_path / "My song.wav"


def upload(page: Page, path: Path) -> None:
    page.locator("input[type=file]").first.set_input_files(path)
    expect(page.get_by_label("Play", exact=True).first).to_be_visible()


def set_slider(page: Page, instrument: str, weight: float) -> None:
    field = page.get_by_label(f"number input for {instrument}")
    field.fill(str(weight))
    field.press("Tab")


def separate(page: Page) -> None:
    page.get_by_role("button", name="Separate", exact=True).click()
    expect(page.get_by_alt_text("Estimate: waveform and spectrogram")).to_be_visible()


def player(page: Page) -> Locator:
    return page.locator("stem-player")


def heard(page: Page) -> list[str]:
    """Titles of the rows that are heard when the player plays."""
    return [str(title) for title in player(page).locator(".on .choose span").all_inner_texts()]


def expect_error(page: Page, text: str) -> None:
    toast = page.get_by_test_id("toast-body")
    expect(toast).to_contain_text(text)
    assert ".." not in toast.inner_text()


@on_both
def test_a_song_is_separated_as_the_sliders_say_and_downloaded(
    page: Page, app: App, mixture: Path, tmp_path: Path
) -> None:
    upload(page, mixture)
    set_slider(page, "tone", 0.25)
    set_slider(page, "noise", 0.5)
    separate(page)
    expect(page.get_by_alt_text("Song: waveform and spectrogram")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download My song - mix.flac").click()
    assert download.value.suggested_filename == "My song - mix.flac"
    download.value.save_as(tmp_path / "estimate.flac")
    found, rate = soundfile.read(tmp_path / "estimate.flac", dtype="float32")
    weights = {"tone": 0.25, "noise": 0.5}
    expected = cunet.load_model(app.model).separate(soundfile.read(mixture, dtype="float32")[0], RATE, weights)
    assert rate == RATE
    np.testing.assert_allclose(found, expected, atol=1e-4)


WATCH = """() => {
    window.seen = [];
    setInterval(() => document.querySelectorAll(".progress-bar").forEach(bar => {
        if (bar.getClientRects().length && window.seen.at(-1) !== bar.style.width) window.seen.push(bar.style.width);
    }), 10);
}"""


@pytest.mark.parametrize(
    ("button", "result"),
    [("Separate", "[alt='Estimate: waveform and spectrogram']"), ("Each instrument alone", "text=Download all (zip)")],
)
def test_a_bar_moves_while_a_song_is_separated(page: Page, tmp_path: Path, button: str, result: str) -> None:
    soundfile.write(tmp_path / "long.flac", song(240), RATE)
    upload(page, tmp_path / "long.flac")
    page.evaluate(WATCH)
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.locator(result)).to_be_visible(timeout=60_000)
    shares = [float(width.removesuffix("%")) for width in page.evaluate("window.seen") if width]
    assert len(shares) > 2
    assert shares == sorted(shares)
    assert min(shares) < 75  # half of it is soon done


@on_both
def test_it_fits_the_screen(page: Page, mixture: Path) -> None:
    upload(page, mixture)
    separate(page)
    assert page.viewport_size is not None
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    box = page.get_by_alt_text("Estimate: waveform and spectrogram").bounding_box()
    assert box is not None
    assert box["width"] > 250


@on_both
def test_results_are_seen_where_they_appear(page: Page, mixture: Path) -> None:
    upload(page, mixture)
    page.get_by_role("button", name="Each instrument alone").click()
    for name in ("Play", "Solo Song", "Solo tone"):
        expect(player(page).get_by_role("button", name=name, exact=True)).to_be_in_viewport()


def test_song_and_estimate_play_and_the_sliders_keep_their_keys(page: Page, mixture: Path) -> None:
    upload(page, mixture)
    separate(page)
    page.get_by_label("number input for tone").focus()
    page.keyboard.type("1")
    assert heard(page) == ["Song"]  # the number was for the field
    player(page).get_by_role("button", name="Play").click()
    expect(player(page).get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("1")
    assert heard(page) == ["tone"]
    page.wait_for_function("document.querySelector('stem-player').engine.now > 0.5")
    page.get_by_label("Clear").first.click()
    expect(player(page).get_by_role("button", name="Pause")).not_to_be_visible()  # it belongs to the other song


def test_every_instrument_is_heard_and_downloaded(page: Page, app: App, mixture: Path, tmp_path: Path) -> None:
    upload(page, mixture)
    page.get_by_role("button", name="Each instrument alone").click()
    link = page.get_by_role("link", name="Download all of My song (zip)")
    expect(link).to_be_visible()
    for name in ("clicks", "noise", "tone"):
        own = page.get_by_role("link", name=f"Download My song - {name}.flac")
        assert own.get_attribute("download") == f"My song - {name}.flac"
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "My song.zip"
    download.value.save_as(tmp_path / "stems.zip")
    page.get_by_label("Clear").first.click()
    expect(link).not_to_be_visible()  # it belongs to the other song
    with zipfile.ZipFile(tmp_path / "stems.zip") as packed:
        assert sorted(packed.namelist()) == [f"My song - {name}.flac" for name in ("clicks", "noise", "tone")]
        packed.extractall(tmp_path / "stems")
    assert all(soundfile.info(path).frames == 3 * RATE for path in (tmp_path / "stems").iterdir())


def test_stems_stay_in_step_with_the_song_from_piece_to_piece(page: Page, tmp_path: Path) -> None:
    """The stems add up to the song: without it, nothing is left of them."""
    soundfile.write(tmp_path / "long.flac", 0.5 * song(2 * PIECE + 5), RATE)
    upload(page, tmp_path / "long.flac")
    page.get_by_role("button", name="Each instrument alone").click()
    player(page).get_by_role("button", name="Play").click()
    player(page).evaluate(f"player => {{ player.seek({PIECE - 0.5}); player.engine.balance([0, 1, 1, 1]) }}")
    assert levels(player(page), 500)[-1] > 0.03
    player(page).evaluate(f"player => {{ player.seek({2 * PIECE - 1}); player.engine.balance([-1, 1, 1, 1]) }}")
    *rows, rest = levels(player(page), 2000)
    assert player(page).evaluate("player => player.engine.now") > 2 * PIECE
    assert rows[0] > 0.03
    assert rest < 1e-3


def test_presets_set_the_sliders_that_a_model_has(page: Page) -> None:
    page.get_by_role("button", name="Everything").click()
    for name in ("clicks", "noise", "tone"):
        expect(page.get_by_label(f"number input for {name}")).to_have_value("1")
    expect(page.get_by_role("button", name="Karaoke")).not_to_be_visible()  # this model knows no vocals


def test_karaoke_is_everything_but_the_voice() -> None:
    assert presets(["bass", "vocals"]) == {
        "Everything": [1, 1],
        "Karaoke": [1, 0],
        "Voice alone": [0, 1],
    }


def test_the_example_is_composed_and_separated(page: Page) -> None:
    page.get_by_role("button", name="Example: 20 s of composed music").click()
    separate(page)
    expect(page.get_by_role("region", name="Player: Composed example")).to_be_visible()
    expect(page.get_by_text("0:00 / 0:20")).to_be_visible()


def test_a_recording_is_separated(page: Page) -> None:
    page.get_by_label("Record audio").click()
    page.get_by_role("button", name="Record", exact=True).click()
    page.wait_for_timeout(1500)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_label("Play", exact=True).first).to_be_visible()
    separate(page)


def test_nothing_is_separated_before_the_song_has_arrived(page: Page, app: App, mixture: Path) -> None:
    buttons = [page.get_by_role("button", name=name, exact=True) for name in ("Separate", "Each instrument alone")]
    for button in buttons:
        expect(button).to_be_disabled()
    upload(page, mixture)
    for button in buttons:
        expect(button).to_be_enabled()
    page.get_by_label("Clear").first.click()
    for button in buttons:
        expect(button).to_be_disabled()
    with pytest.raises(AppError, match="There is no song yet: drop a file on the page, or record one"):
        Client(app.address, verbose=False).predict(None, "Silence", 0, 0, 1, api_name="/separate")


def test_mistakes_are_sentences(page: Page, tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("not audio at all")
    page.locator("input[type=file]").first.set_input_files(tmp_path / "text.wav")
    page.get_by_role("button", name="Separate", exact=True).click()
    expect_error(page, "text.wav cannot be decoded")


def test_what_is_missing_of_a_song_is_a_warning(page: Page, mixture: Path) -> None:
    upload(page, cut(mixture))
    page.get_by_role("button", name="Separate", exact=True).click()
    expect_error(page, "My song.wav ends after 2.0 s of the 3.0 s that its header declares")
    expect(page.get_by_alt_text("Estimate: waveform and spectrogram")).to_be_visible()


def test_a_song_too_long_is_refused_and_so_is_nothing_at_all(page: Page, mixture: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.flac", np.zeros(16 * 60 * 8000), 8000)
    upload(page, tmp_path / "long.flac")
    page.get_by_role("button", name="Separate", exact=True).click()
    expect_error(page, "long.flac lasts more than 15 minutes. The command cunet separate takes any length.")
    set_slider(page, "tone", 0)
    page.get_by_role("button", name="Separate", exact=True).click()
    expect_error(page, "All sliders are at 0")


def test_only_this_machine_reaches_it_and_nothing_is_left(tmp_path: Path) -> None:
    app = start(save_model(tmp_path / "model"), tmp_path / "temporary")
    urllib.request.urlopen(app.address)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        with suppress(OSError):  # without any network
            probe.connect(("192.0.2.1", 9))  # nothing is sent: it says which of our addresses others see
        own = probe.getsockname()[0]
    if own not in ("127.0.0.1", "0.0.0.0"):
        with pytest.raises(OSError):
            urllib.request.urlopen(app.address.replace("127.0.0.1", own), timeout=5)
    assert list(app.temporary.iterdir())
    app.process.send_signal(signal.SIGHUP)  # its terminal was closed
    app.process.wait(20)
    assert list(app.temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:{port}"}, 200),
        ({"Origin": "http://127.0.0.1:{port}"}, 200),
        ({"Host": "evil.example:{port}"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Host": "LOCALHOST:{port}", "Origin": "http://localhost:{port}"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, 403),
    ],
    ids=str,
)
def test_pages_of_others_get_nothing(app: App, headers: dict[str, str], status: int) -> None:
    """A name that leads here by a trick of the name server, or a form on another page."""
    port = app.address.rpartition(":")[2].strip("/")
    sent = {name: value.format(port=port) for name, value in headers.items()}
    for path, data in (("/", None), ("/gradio_api/upload", b"--x--")):
        kind = {"Content-Type": "multipart/form-data; boundary=x"} if data else {}
        request = urllib.request.Request(f"{app.address.rstrip('/')}{path}", data, sent | kind)
        try:
            found = urllib.request.urlopen(request).status
        except urllib.error.HTTPError as error:
            found = error.code
        assert (found == 403) == (status == 403)


def test_a_port_that_is_taken_is_one_line(app: App) -> None:
    port = app.address.rpartition(":")[2]
    command = [sys.executable, "-m", "cunet", "app", "--model", str(app.model), "--port", port]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    said = done.stderr.splitlines()[-1]
    assert said == f"error: port {port}: is in use, or needs other permissions. Choose another --port."
