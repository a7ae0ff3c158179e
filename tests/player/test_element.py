"""The player as a person uses it: a page from disk in Chromium."""

import io
import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, Locator, Page, expect

from cunet.player.element import script
from cunet.player.sounds import Player, Sound, Source, peaks
from tests.browser import needs_chromium, new_page

pytestmark = needs_chromium
RATE, SECONDS = 16000, 12
NAMES = ("mixture", "drums", "the same again", "quiet")
# Of all that goes to the loudspeaker, and of each row, the largest sample within some milliseconds.
LISTEN = """async (player, milliseconds) => {
    const { context, gains, sounds } = player.engine;
    const taps = [...sounds, "all"].map(() => new AnalyserNode(context, { fftSize: 2048 }));
    for (const { node, sound } of gains) [taps[sound], taps.at(-1)].forEach(tap => node.connect(tap));
    const found = taps.map(() => 0), samples = new Float32Array(2048);
    await new Promise(resolve => setTimeout(resolve, 300));
    for (const end = performance.now() + milliseconds; performance.now() < end;) {
        await new Promise(resolve => setTimeout(resolve, 20));
        taps.forEach((tap, row) => {
            tap.getFloatTimeDomainData(samples);
            found[row] = Math.max(found[row], ...samples.map(Math.abs));
        });
    }
    return found;
}"""


def address(waveform: np.ndarray) -> str:
    written = io.BytesIO()
    soundfile.write(written, waveform, RATE, format="WAV", subtype="PCM_16")
    return f"data:audio/wav;base64,{b64encode(written.getvalue()).decode()}"


def player(label: str, stems: bool) -> Player:
    noise = 0.4 * np.random.default_rng(0).uniform(-1, 1, RATE * SECONDS).astype(np.float32)
    waveforms = (0.8 * noise, noise, noise, 0.1 * noise)
    rows = [
        Sound(name, [(number, 1.0)], peaks(len(noise), lambda start, stop, own=own: own[start:stop]), "SDR 1.0 dB")  # type: ignore[misc]
        for number, (name, own) in enumerate(zip(NAMES, waveforms, strict=True))
    ]
    sources = [Source(address(waveform)) for waveform in waveforms]
    return Player(label, SECONDS, RATE, {"drums": rows, "others": rows[:2]}, sources, stems=stems)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two players, the second of stems, and a field to type in."""
    path = tmp_path_factory.mktemp("player") / "page.html"
    elements = "".join(
        f'<stem-player><script type="application/json">{json.dumps(player(label, stems).data())}</script></stem-player>'
        for label, stems in (("first", False), ("second", True))
    )
    head = '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
    path.write_text(f"<!doctype html>{head}<input aria-label='text'>{elements}<script>{script()}</script>")
    return path


@pytest.fixture
def page(browser: Browser, file: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    with new_page(browser, *getattr(request, "param", (1400, 900))) as page:
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(file.as_uri())
        yield page
        assert faults == []


@pytest.fixture
def first(page: Page) -> Locator:
    return page.locator("stem-player").first


@pytest.fixture
def stems(page: Page) -> Locator:
    return page.locator("stem-player").last


def press(player: Locator, name: str) -> None:
    player.get_by_role("button", name=name, exact=True).click()


def levels(player: Locator, milliseconds: int = 300) -> list[float]:
    """Of every row, and of their sum."""
    return [float(level) for level in player.evaluate(LISTEN, milliseconds)]


def heard(player: Locator) -> set[str]:
    """Names of the rows that are heard."""
    return {name for name, level in zip(NAMES, levels(player)[:-1], strict=False) if level > 0.01}


def now(player: Locator) -> float:
    return float(player.evaluate("player => player.engine.now"))


def test_space_plays_from_the_mixture_and_pauses(page: Page, first: Locator) -> None:
    page.keyboard.press("Space")
    expect(first.get_by_role("button", name="Pause")).to_be_visible()
    assert heard(first) == {"mixture"}
    assert now(first) > 0.3
    page.keyboard.press("Space")
    expect(first.get_by_role("button", name="Play")).to_be_visible()
    stopped = now(first)
    page.wait_for_timeout(300)
    assert now(first) == stopped > 0.3
    expect(first.get_by_text(f"0:{int(stopped):02} / 0:12")).to_be_visible()


def test_a_number_leaves_one_sound_at_the_same_position(page: Page, first: Locator) -> None:
    page.keyboard.press("Space")
    levels(first)
    before = now(first)
    for key, name in (("2", "the same again"), ("3", "quiet"), ("0", "mixture")):
        page.keyboard.press(key)
        assert heard(first) == {name}
        expect(first.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("9")  # there is no such sound
    assert heard(first) == {"mixture"}
    assert before < now(first) < before + 10


def test_solos_are_heard_together_and_mutes_are_not(stems: Locator) -> None:
    press(stems, "Play")
    press(stems, "Solo drums")
    assert heard(stems) == {"drums"}
    press(stems, "Solo quiet")
    assert heard(stems) == {"drums", "quiet"}
    press(stems, "Mute drums")
    assert heard(stems) == {"quiet"}
    press(stems, "Solo drums")
    press(stems, "Solo quiet")  # nothing is soloed
    assert heard(stems) == {"mixture"}


def test_where_stems_add_up_a_mute_leaves_the_others(first: Locator, stems: Locator) -> None:
    press(stems, "Play")
    press(stems, "Mute drums")
    assert heard(stems) == {"the same again", "quiet"}
    press(first, "Play")
    press(first, "Mute drums")  # of versions of the same sound, only one makes sense
    assert heard(first) == {"mixture"}


def test_sounds_are_in_step_to_the_sample(stems: Locator) -> None:
    press(stems, "Play")
    stems.evaluate("player => player.engine.balance([0, 1, -1, 0])")
    _, one, other, _, difference = levels(stems, 1000)
    assert min(one, other) > 0.3
    assert difference < 1e-3
    stems.evaluate("player => player.seek(5.4321)")
    assert levels(stems, 1000)[-1] < 1e-3


def test_arrows_move_by_five_seconds_and_the_end_leads_to_the_start(page: Page, first: Locator) -> None:
    page.keyboard.press("ArrowRight")
    assert now(first) == 5
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert now(first) == 5
    first.get_by_label("Position in seconds").focus()
    page.keyboard.press("ArrowRight")
    assert now(first) == 10
    press(first, "Play")
    expect(first.get_by_role("button", name="Play")).to_be_visible()  # it has come to the end
    assert now(first) == 0


def test_one_player_plays_at_a_time_and_keys_go_to_the_last(page: Page, first: Locator, stems: Locator) -> None:
    press(first, "Play")
    press(stems, "Play")
    expect(first.get_by_role("button", name="Play")).to_be_visible()
    page.keyboard.press("1")
    assert heard(stems) == {"drums"}
    expect(first.get_by_role("button", name="mixture", exact=True)).to_have_attribute("aria-pressed", "true")


def test_keys_do_nothing_where_text_is_typed(page: Page, first: Locator) -> None:
    page.get_by_label("text").focus()
    page.keyboard.type("1 2")
    assert page.get_by_label("text").input_value() == "1 2"
    assert now(first) == 0
    expect(first.get_by_role("button", name="Play")).to_be_visible()
    expect(first.get_by_role("button", name="mixture", exact=True)).to_have_attribute("aria-pressed", "true")


def test_the_keyboard_alone_reaches_every_button(page: Page, first: Locator) -> None:
    solo = first.get_by_role("button", name="Solo drums")
    for _ in range(20):
        page.keyboard.press("Tab")
        if solo.evaluate("button => button.matches(':focus-visible')"):
            break
    assert solo.evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
    page.keyboard.press("Space")  # the button, not the transport
    expect(solo).to_have_attribute("aria-pressed", "true")
    expect(first.get_by_role("button", name="Play")).to_be_visible()


def test_another_target_is_heard_at_the_same_position(page: Page, first: Locator) -> None:
    page.keyboard.press("Space")
    page.keyboard.press("1")
    page.keyboard.press("ArrowRight")
    first.get_by_role("combobox", name="Target").select_option("others")
    expect(first.get_by_role("listitem")).to_have_count(2)
    assert heard(first) == {"drums"}
    assert now(first) > 5
    first.get_by_role("combobox", name="Target").select_option("drums")
    page.keyboard.press("3")
    first.get_by_role("combobox", name="Target").select_option("others")  # which has no such row
    assert heard(first) == {"mixture"}


def test_a_sound_twenty_decibels_below_is_drawn_a_tenth_as_high(first: Locator) -> None:
    heights = first.locator(".wave path").evaluate_all(
        "paths => paths.map(path => path.getBoundingClientRect().height)"
    )
    whole, same, quiet = heights[1:]
    assert same == whole
    assert whole / quiet == pytest.approx(10, rel=0.05)


def test_everything_has_a_name(first: Locator) -> None:
    tree = first.aria_snapshot()
    assert 'region "Player: first"' in tree
    assert 'slider "Position in seconds"' in tree
    assert 'combobox "Target"' in tree
    for name in NAMES:
        assert f'button "Solo {name}"' in tree
    assert "- button\n" not in tree
    assert "- button:" not in tree


@pytest.mark.parametrize("page", [(1400, 900), (390, 844)], indirect=True, ids=["desk", "phone"])
def test_it_fits_the_screen(page: Page, first: Locator) -> None:
    assert page.viewport_size is not None
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    edges = first.locator("button, select, .wave").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect()).map(box => [box.left, box.right, box.height])"
    )
    assert all(left >= 0 and right <= page.viewport_size["width"] and height >= 24 for left, right, height in edges)


def test_a_sound_that_cannot_be_played_is_a_sentence(first: Locator) -> None:
    first.evaluate("player => { player.data.sources[0].address = 'data:audio/wav;base64,AAAA'; }")
    press(first, "Play")
    expect(first.get_by_role("alert")).to_contain_text("The sound cannot be played")
    expect(first.get_by_role("button", name="Play")).to_be_visible()


def test_seeking_leaves_one_movement_on_the_screen(page: Page, first: Locator) -> None:
    count = """async player => {
        const draw = window.requestAnimationFrame;
        let drawn = 0;
        window.requestAnimationFrame = act => { drawn += 1; return draw(act); };
        await new Promise(resolve => setTimeout(resolve, 1000));
        window.requestAnimationFrame = draw;
        return drawn;
    }"""
    page.keyboard.press("Space")
    first.evaluate("player => { for (let second = 0; second < 10; second += 0.25) player.seek(second); }")
    assert 0 < first.evaluate(count) < 200


def test_space_plays_after_a_click_and_presses_a_button_reached_by_keyboard(page: Page, first: Locator) -> None:
    solo = first.get_by_role("button", name="Solo drums")
    solo.click()
    page.keyboard.press("Space")
    expect(first.get_by_role("button", name="Pause")).to_be_visible()
    expect(solo).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    expect(solo).to_have_attribute("aria-pressed", "false")
    expect(first.get_by_role("button", name="Pause")).to_be_visible()


def test_a_held_key_counts_once(page: Page, first: Locator) -> None:
    for _ in range(4):  # all but the first are repeats
        page.keyboard.down("Space")
    assert first.evaluate("player => player.engine.playing")
    page.keyboard.up("Space")


def test_what_is_taken_away_while_it_plays_is_silent_and_gives_the_sound_back(page: Page, first: Locator) -> None:
    page.keyboard.press("Space")
    expect(first.get_by_role("button", name="Pause")).to_be_visible()
    context = first.evaluate_handle("player => player.engine.context")
    first.evaluate("player => player.show(null)")
    page.wait_for_timeout(300)
    assert context.evaluate("context => context.state") == "closed"


def test_a_failure_of_what_is_no_longer_wanted_stops_nothing(page: Page, first: Locator) -> None:
    failing = """async player => {
        const { engine } = player;
        const load = window.fetch;
        window.fetch = () => new Promise((_, reject) => setTimeout(() => reject(new Error("late")), 300));
        engine.loaded.clear();
        player.play();
        await new Promise(resolve => setTimeout(resolve, 100));
        window.fetch = load;
        engine.loaded.clear();
        player.seek(1);
        await new Promise(resolve => setTimeout(resolve, 600));
        return engine.playing;
    }"""
    assert first.evaluate(failing)
    expect(first.locator(".status")).to_have_text("")
