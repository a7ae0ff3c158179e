"""MLflow's pages as a person sees them: `mlflow ui` in the workspace, opened in Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import needs_chromium, new_page
from tests.pipeline.workspace import Workspace, mlflow_process

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def address(pipeline: Workspace) -> Iterator[str]:
    """`mlflow ui` on a free port; one worker shows the same pages as the usual four, and imports once."""
    with mlflow_process(pipeline.path, "ui", "--workers", "1") as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser that has never seen MLflow."""
    with new_page(browser, 2400, 1000) as page:
        yield page


def test_plots_of_dvc_are_shown_without_a_network(browser: Browser, pipeline: Workspace, tmp_path: Path) -> None:
    pipeline.run("dvc", "plots", "show", "--out", str(tmp_path))
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    expect(page.locator(".vega-embed canvas")).to_have_count(2)
    assert page.evaluate("document.characterSet") == "UTF-8"
    context.close()


def open_runs(page: Page, address: str, view: str = "") -> None:
    """From the start page to the runs of the experiment, as a newcomer finds the way."""
    page.goto(f"{address}/#/experiments")
    experiment = page.get_by_role("link", name="conditioned-u-net").first.get_attribute("href")
    page.goto(f"{address}/{experiment}/runs{view and f'?compareRunsMode={view}'}")
    assistant = page.get_by_role("button", name="Close", exact=True)
    if assistant.count():
        assistant.first.click()


def open_artifacts(page: Page, address: str) -> None:
    """The artifacts of the run of the studied network."""
    open_runs(page, address)
    page.locator("a[href*='/runs/']", has_text="simple-dense-pairs").first.click()
    expect(page.get_by_text("sdr/vocals").first).to_be_visible()
    page.goto(f"{page.url.split('?')[0]}/artifacts")


def sdr(pipeline: Workspace, architecture: str, target: str, decimals: int = 2) -> str:
    table = pd.read_csv(pipeline.path / "reports" / "sdr.csv").set_index(["architecture", "target"])
    return str(round(float(table["SDR"][architecture, target]), decimals))


def test_the_runs_are_listed_by_architecture(page: Page, address: str) -> None:
    open_runs(page, address)
    for name in ("simple-dense-pairs", "unet", "mixture", "ideal-ratio-mask"):
        expect(page.get_by_role("link", name=name, exact=True).first).to_be_visible()


def test_the_saved_view_opens_on_the_sdr_with_the_best_run_first(page: Page, address: str, pipeline: Workspace) -> None:
    page.goto(f"{address}/#/experiments/1/runs?workflowType=machine_learning&viewStateShareKey=sdr")
    for target in ("mean", "bass", "drums", "other", "vocals"):
        expect(page.get_by_role("columnheader", name=f"sdr/{target}").first).to_be_visible()
    expect(page.get_by_text(sdr(pipeline, "unet", "mean", 3), exact=True).first).to_be_visible()
    names = page.locator("a[href*='/runs/']").all_inner_texts()
    assert names[0] == "ideal-ratio-mask"


def test_the_charts_open_on_the_sdr_of_each_instrument(page: Page, address: str) -> None:
    open_runs(page, address, "CHART")
    for target in ("bass", "drums", "other"):
        expect(page.get_by_text(f"sdr/{target}", exact=True).first).to_be_visible()
    top = page.get_by_text("sdr/bass", exact=True).first.bounding_box()
    assert top is not None
    assert top["y"] < 600  # the first thing to see, not below the fold


def test_the_tables_stand_side_by_side_without_a_click(page: Page, address: str, pipeline: Workspace) -> None:
    open_runs(page, address, "ARTIFACT")
    expect(page.get_by_text("median over tracks: bass").first).to_be_visible()
    for name in ("unet", "ideal-ratio-mask", "simple-dense-pairs"):
        expect(page.get_by_text(sdr(pipeline, name, "bass"), exact=True).first).to_be_attached()


def test_a_run_shows_its_pictures_and_sound(page: Page, address: str) -> None:
    open_artifacts(page, address)
    page.get_by_text("interpretation", exact=True).first.click()
    for name in ("gamma.png", "path.png", "projection.png"):
        expect(page.get_by_text(name).first).to_be_visible()
    page.get_by_text("spectrograms", exact=True).first.click()
    page.get_by_text("Synthetic - Test 001.png").first.click()
    picture = page.locator("img[src*='png'], img[src^='blob:'], canvas, .rc-image img").first
    expect(picture).to_be_visible()


def test_the_report_opens_from_disk_and_shows_its_pictures(page: Page, pipeline: Workspace) -> None:
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.on("request", lambda request: failed.append(request.url) if not request.url.startswith("file:") else None)
    page.goto((pipeline.path / "reports" / "index.html").as_uri())
    expect(page.get_by_role("heading", name="Analysis of the control network")).to_be_visible()
    expect(page.get_by_role("row", name="ideal-ratio-mask").first).to_be_visible()
    widths = page.eval_on_selector_all("img", "images => images.map(image => image.naturalWidth)")
    assert len(widths) >= 6
    assert min(widths) > 100
    assert failed == []


def check_player(player: Locator) -> None:
    """It plays the whole excerpt, of every target and architecture."""
    expect(player).to_have_count(1)  # a track
    choice = player.get_by_role("combobox", name="Target")
    targets = choice.get_by_role("option").all_inner_texts()
    assert len(targets) == 10
    assert "drums+vocals" in targets
    choice.select_option("drums+vocals")
    expect(player.get_by_role("listitem")).to_have_count(1 + 1 + 2 + 1)  # mixture, target, architectures, bound
    expect(player.get_by_role("listitem").filter(has_text="unet")).to_contain_text(" dB")
    player.get_by_role("button", name="unet", exact=True).click()
    player.get_by_role("button", name="Play").click()
    player.page.wait_for_timeout(1500)
    seconds, moved, error = player.evaluate(
        "player => [player.data.seconds, player.engine.now, player.status.textContent]"
    )
    assert seconds == pytest.approx(3, abs=0.1)
    assert moved > 0.2
    assert error == ""


def test_the_estimates_play_from_disk_side_by_side(page: Page, pipeline: Workspace) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url.split(":")[0]))
    page.goto((pipeline.path / "reports" / "index.html").as_uri())
    page.get_by_role("link", name="Listen to the mixture").click()
    check_player(page.locator("stem-player"))
    assert set(requests) <= {"file", "data"}
    assert (pipeline.path / "reports" / "listen.html").stat().st_size < 5e6


def test_the_report_lists_the_settings_of_the_run(page: Page, pipeline: Workspace) -> None:
    page.goto((pipeline.path / "reports" / "index.html").as_uri())
    expect(page.get_by_role("row", name="networks architecture: simple-dense-pairs")).to_be_visible()
    expect(page.get_by_text("git log -1 dvc.lock names the commit")).to_be_visible()


def test_mlflow_plays_the_page_of_estimates(page: Page, address: str) -> None:
    open_artifacts(page, address)
    page.get_by_text("listen.html", exact=True).first.click()
    check_player(page.frame_locator("iframe").first.locator("stem-player"))
