"""How soon a first visitor sees a map: seconds from the server's first answer to a map that can be used, in Chromium.

The browser and an empty tab are open already; its cache is empty. Cold, nothing is in the store: the packaged
photographs are made, embedded and drawn; warm, all of it is there and only the server is new. There is no peer that
does the same.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from benchmarks._rows import Row
from tests.browser.conftest import App
from tests.browser.get_browser import ARGUMENTS, find

SLOW = True  # a minute, and it needs a browser
READY = ".imgsim-map[data-ready]"
ROUNDS = 3


def stage() -> Iterator[Row]:
    """Servers from their first answer to the first map."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        cold = [_seconds(browser, Path(tempfile.mkdtemp(dir=folder))) for _ in range(ROUNDS)]
        home = Path(tempfile.mkdtemp(dir=folder))
        _seconds(browser, home)
        warm = [_seconds(browser, home) for _ in range(ROUNDS)]
    yield Row("first map of builtin:photos, cold store", statistics.median(cold))
    yield Row("first map of builtin:photos, warm store", statistics.median(warm))


def _seconds(browser: Any, home: Path) -> float:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    app = App(home)
    start = time.perf_counter()
    try:
        page.goto(app.url)
        page.wait_for_selector(READY, timeout=180_000)
        taken = time.perf_counter() - start
        page.close()
        return taken
    finally:
        app.stop()
