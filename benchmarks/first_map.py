"""How soon a first visitor sees a map: seconds from the server's first answer to a map that can be used, in Chromium.

The browser and an empty tab are open already; its cache is empty. Cold, nothing is in the store: the packaged
photographs are made, embedded and drawn; warm, all of it is there and only the server is new. Nothing else does the
same cold; beside the warm one stands what Streamlit and Plotly cost by themselves: a new server of one script that
draws the same points in Streamlit's own chart (benchmarks/_plain_map.py), by turns. A page again is a new tab of a
browser that has seen the server before, until its heading is painted; beside it a Streamlit page of two lines.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from benchmarks._rows import Row
from benchmarks.map import PLAIN_DRAWN
from imgsim.pipeline import MapRequest, Pipeline
from imgsim.ui.state import View
from imgsim.workspace import Workspace
from tests.browser.conftest import ROOT, App
from tests.browser.get_browser import ARGUMENTS, find

SLOW = True  # a minute, and it needs a browser
READY = ".imgsim-map[data-ready]"
PLAIN = ROOT / "benchmarks/_plain_map.py"
ROUNDS = 3
PAINTED = """new MutationObserver((_, watch) => {
  if (!document.querySelector('h1, h2, h3')) return;
  watch.disconnect();
  requestAnimationFrame(() => setTimeout(() => { window.headingPainted = performance.now() / 1000; }));
}).observe(document, { childList: true, subtree: true });"""
TWO_LINES = 'import streamlit as st\nst.title("A page")\nst.write("of two lines")\n'
AGAIN = 7


def stage() -> Iterator[Row]:
    """Servers from their first answer to the first map."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        cold = [_seconds(browser, Path(tempfile.mkdtemp(dir=folder))) for _ in range(ROUNDS)]
        home = Path(tempfile.mkdtemp(dir=folder))
        _seconds(browser, home)
        plain = write_plain(Path(tempfile.mkdtemp(dir=folder)), home)
        warm = [(_seconds(browser, home), _seconds(browser, plain, PLAIN)) for _ in range(ROUNDS)]
        again = _again(browser, home, Path(tempfile.mkdtemp(dir=folder)))
    ours, theirs = zip(*warm, strict=True)
    yield Row("first map of builtin:photos, cold store", statistics.median(cold))
    yield Row(
        "first map of builtin:photos, warm store", statistics.median(ours), statistics.median(theirs), "st.plotly_chart"
    )
    ours, theirs = zip(*again, strict=True)
    medians = statistics.median(ours), statistics.median(theirs)
    yield Row("first page of a warm server, heading painted", *medians, "two lines of Streamlit")


def write_plain(folder: Path, home: Path) -> Path:
    """The folder with what the peer draws: the points of the first map that is in the store of `home`."""
    made = Pipeline(Workspace(home)).make_map(MapRequest(**View().request()))
    n = len(made.projection.xy)
    pictures = np.zeros((n, 1, 1, 3), np.uint8)  # nothing is clicked
    np.savez(
        folder / "plain.npz",
        xy=made.projection.xy,
        indices=made.neighbors.indices[:, :6],
        label=np.arange(n) % 10,
        pictures=pictures,
    )
    return folder


def _again(browser: Any, home: Path, empty: Path) -> list[tuple[float, float]]:
    """Seconds to the heading of the first page in a new tab, and to that of a page of two lines, by turns."""
    script = empty / "two_lines.py"
    script.write_text(TWO_LINES)
    apps = App(home), App(empty, script)
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    try:
        for app in apps:
            _to_heading(context, app)
        return [(_to_heading(context, apps[0]), _to_heading(context, apps[1])) for _ in range(AGAIN)]
    finally:
        context.close()
        for app in apps:
            app.stop()


def _to_heading(context: Any, app: App) -> float:
    """Seconds from asking for the address to the frame that shows a heading, as the page itself counts them."""
    page = context.new_page()
    page.add_init_script(PAINTED)
    page.goto(app.url, wait_until="commit")
    taken = page.wait_for_function("window.headingPainted", timeout=180_000).json_value()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(2000)  # what is still being drawn is not the next one's
    page.close()
    return float(taken)


def _seconds(browser: Any, home: Path, script: Path | None = None) -> float:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    app = App(home, script) if script else App(home)
    start = time.perf_counter()
    try:
        page.goto(app.url)
        if script:
            page.wait_for_function(PLAIN_DRAWN, timeout=180_000, polling=20)
        else:
            page.wait_for_selector(READY, timeout=180_000)
        taken = time.perf_counter() - start
        page.close()
        return taken
    finally:
        app.stop()
