"""The pictures of the tutorials: `python -m tools.screenshots` in a workspace in which the default pipeline has run.

Writes `docs/pictures/*.png`: MLflow's saved view and charts, the report, the listening page, and the page of
`cunet app`. MLflow shows a copy of the store with the newest run of each name: an experiment that was run before, such
as `dvc exp run -S film=complex`, is a row. Needs Chromium, and the packages of `make setup EXTRAS=dev`.
"""

import io
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import connect

import pandas as pd
from mlflow import MlflowClient
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from cunet.cli.running import run
from cunet.errors import UserError
from cunet.files import temporary_folder
from cunet.layout import REPORTS
from cunet.report.listen import PAGE
from cunet.store import EXPERIMENT
from cunet.tracking.view import VIEW
from tools.chromium import FLAGS, PROGRAM
from tools.serving import served

STORE, TRACKS, OUT = Path("mlflow.db"), Path("data/audio/test"), Path("docs/pictures")
WIDTH = 1400
COLOURS, LARGEST = (256, 128, 64, 32), 140_000  # of a picture: tried in this order; bytes
SCORE = "sdr/mean"


def tidy_copy(folder: Path) -> str:
    """Copy MLflow's store to `folder`, and give its address.

    The copy has the newest scored run of each architecture of the report, and of each experiment (`unet [name]`).
    """
    with closing(connect(STORE)) as store, closing(connect(folder / STORE)) as copy:
        store.backup(copy)
    address = f"sqlite:///{folder / STORE}"
    client = MlflowClient(address)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        raise UserError(f"{STORE}: has no experiment {EXPERIMENT}: run cunet log first")
    seen: set[str] = set()
    compared = set(pd.read_csv(REPORTS / "sdr.csv")["architecture"])
    for found in client.search_runs([experiment.experiment_id], order_by=["attributes.start_time DESC"]):
        name = str(found.info.run_name)
        if name in seen or SCORE not in found.data.metrics or not (name in compared or name.endswith("]")):
            client.delete_run(found.info.run_id)
        else:
            seen.add(name)
    return address


def save(page: Page, name: str) -> None:
    """Save what the page shows, in as many colours as its size allows."""
    page.wait_for_timeout(1000)  # for what moves
    shot = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    path = OUT / f"{name}.png"
    for colours in COLOURS:
        shot.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= LARGEST:
            break
    print(path)


@contextmanager
def opened(browser: Browser, height: int) -> Iterator[Page]:
    """A page of a browser that has seen nothing yet."""
    context = browser.new_context(viewport={"width": WIDTH, "height": height}, color_scheme="light")
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def mlflow_pictures(browser: Browser) -> None:
    """The saved view, and the charts of the same runs."""
    with temporary_folder() as folder, served("mlflow", "ui", "--backend-store-uri", tidy_copy(folder)) as address:
        experiment = MlflowClient(f"sqlite:///{folder / STORE}").get_experiment_by_name(EXPERIMENT)
        assert experiment is not None
        runs = f"{address}/#/experiments/{experiment.experiment_id}/runs?workflowType=machine_learning"
        with opened(browser, 620) as page:
            page.goto(f"{runs}&viewStateShareKey={VIEW}")
            page.get_by_role("columnheader", name=SCORE).first.wait_for()
            _close_assistant(page)
            save(page, "mlflow_sdr")
        with opened(browser, 800) as page:
            page.goto(f"{runs}&compareRunsMode=CHART")
            page.get_by_text("sdr/bass", exact=True).first.wait_for(state="attached")
            page.wait_for_timeout(4000)
            _close_assistant(page)
            save(page, "mlflow_charts")


def _close_assistant(page: Page) -> None:
    button = page.get_by_role("button", name="Close", exact=True)
    if button.count():
        button.first.click()


def report_pictures(browser: Browser) -> None:
    """The report, and the page to listen to, from disk."""
    for name, file, heading in (("report", "index.html", "SDR of single instruments"), ("listen", PAGE, None)):
        with opened(browser, 800) as page:
            page.goto((REPORTS / file).resolve().as_uri())
            page.wait_for_load_state("networkidle")
            if heading:
                page.get_by_role("heading", name=heading).evaluate("heading => heading.scrollIntoView()")
            save(page, name)


def app_picture(browser: Browser) -> None:
    """The page of `cunet app`, with the estimate of a test track."""
    song = min(TRACKS.glob("*/mixture.wav"))
    with served("cunet", "app") as address, temporary_folder() as folder, opened(browser, 850) as page:
        shutil.copy(song, folder / f"{song.parent.name}.wav")
        page.goto(address)
        page.locator("input[type=file]").first.set_input_files(folder / f"{song.parent.name}.wav")
        button = page.get_by_role("button", name="Separate", exact=True)
        button.and_(page.locator(":enabled")).click()
        page.get_by_role("img", name="Estimate:").wait_for()
        page.wait_for_timeout(3000)  # for the waveforms
        save(page, "app")


def main() -> None:
    """Make all pictures."""

    def make() -> None:
        if PROGRAM is None:
            raise UserError("Chromium is not installed (Debian: apt-get install chromium)")
        OUT.mkdir(parents=True, exist_ok=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=PROGRAM, args=[*FLAGS, "--hide-scrollbars"])
            mlflow_pictures(browser)
            report_pictures(browser)
            app_picture(browser)
            browser.close()

    run(make)


if __name__ == "__main__":
    main()
