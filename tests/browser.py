"""Pages in Chromium."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tools.chromium import FLAGS, PROGRAM

MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]  # it beeps
needs_chromium = pytest.mark.skipif(
    PROGRAM is None and "CI" not in os.environ, reason="Chromium is not installed (Debian: apt-get install chromium)"
)


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=[*FLAGS, *MICROPHONE])
        yield browser
        browser.close()


@contextmanager
def new_page(browser: Browser, width: int, height: int) -> Iterator[Page]:
    """A page of a browser that has seen nothing yet."""
    context = browser.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    yield context.new_page()
    context.close()
