"""How soon a map can be used, and how soon a click shows its neighbours, in headless Chromium.

    python -m benchmarks map
    python -m benchmarks.map [--images 10000 100000] [--far 1000000] [--clicks 15] [--home DIR] [--json]

The first has a history and measures a chart of Streamlit's own by turns (benchmarks/_plain_map.py); the sizes are in
IMGSIM_BENCH_MAP and the folder that is kept in IMGSIM_BENCH_HOME. The second prints our figures alone.

The collection is a zip of 16 x 16 noise pictures in ten colours; the store is warm and no job runs. Making 100,000
pictures and their neighbours takes minutes; `--home` keeps the work for the next run. `--far` has points by lot instead
(benchmarks/_far_collection.py): the page and the browser do the same with them, the pipeline before it is left out.

Medians, milliseconds: `reload` loads the whole page anew, `open` goes there from another page of the open app, `click`
ends when six new neighbours are on screen; `zoom` from the last turn of the wheel to the points of the new view, and
`pan` between two pictures of the screen while the map is dragged, median and the slowest of twenty.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import sys
import tempfile
import time
import urllib.parse
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import TimeoutError, sync_playwright

from benchmarks import _far_collection
from benchmarks._rows import Row
from imgsim.pipeline import MapRequest, Pipeline
from imgsim.ui.state import View
from imgsim.workspace import Workspace
from tests.browser.conftest import ROOT, App
from tests.browser.get_browser import ARGUMENTS, find

SLOW = True  # minutes, and it needs a browser
METHOD, MAP = "pixels:size=8", "pca"
READY = ".imgsim-map[data-ready]"
CLICKS = 12
PATIENCE = 8000  # milliseconds; a click that shows nothing by then has hit no point
CHART = "st.plotly_chart"
PLOT = ".imgsim-map .plot, .imgsim-map .js-plotly-plot"
GALLERY = """(() => {
  const shown = [...document.querySelectorAll('.imgsim-gallery img')].slice(0, 6);
  return shown.length && shown.every(i => i.complete && i.naturalWidth) ? shown.map(i => i.src).join() : '';
})()"""
PLAIN_GALLERY = GALLERY.replace(".imgsim-gallery", "[data-testid=stImage]")
PLAIN_DRAWN = (
    "() => document.querySelector('.js-plotly-plot canvas') && document.querySelector('.js-plotly-plot').calcdata"
)


def drawn(n: int) -> Iterator[np.ndarray]:
    """N small pictures of noise in ten colours, by turns."""
    rng = np.random.default_rng(0)
    colours = rng.integers(40, 216, (10, 3))
    for i in range(n):
        yield np.clip(colours[i % 10] + rng.normal(0, 25, (16, 16, 3)), 0, 255).astype(np.uint8)


def write_zip(path: Path, n: int) -> None:
    """N small pictures in ten folders."""
    with zipfile.ZipFile(path, "w") as archive:
        for i, pixels in enumerate(drawn(n)):
            buffer = io.BytesIO()
            Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
            archive.writestr(f"class {i % 10}/{i:06}.png", buffer.getvalue())


def prepared(home: Path, n: int) -> str:
    """The SOURCE of n pictures whose map is in the store."""
    path = home / f"noise-{n}.zip"
    if not path.exists():
        write_zip(path, n)
    Pipeline(Workspace(home)).make_map(MapRequest(str(path), METHOD, MAP), _say)
    return str(path)


def measure(page: Any, url: str, source: str, n_clicks: int) -> dict[str, float]:
    """Milliseconds until the map can be used, and from click to neighbours on screen."""
    query = urllib.parse.urlencode({"collection": source, "method": METHOD, "map": MAP})
    page.goto(f"{url}/explore?{query}")  # the server opens the collection once
    page.wait_for_selector(READY, timeout=120_000)
    loaded, opened = [], []
    for _ in range(3):
        start = time.perf_counter()
        page.goto(f"{url}/explore?{query}")
        page.wait_for_selector(READY, timeout=60_000)
        loaded.append(time.perf_counter() - start)
        page.get_by_role("link", name="Home").click()
        page.get_by_role("heading", name="Collections", exact=True).wait_for()
        page.wait_for_timeout(2000)
        start = time.perf_counter()
        page.get_by_role("link", name="Explore").click()
        page.get_by_text("Pixels · PCA").wait_for()
        page.wait_for_selector(READY, timeout=60_000)
        opened.append(time.perf_counter() - start)
    return {
        "reload_ms": 1000 * statistics.median(loaded),
        "open_ms": 1000 * statistics.median(opened),
        "click_ms": 1000 * statistics.median(clicks(page, n_clicks)),
        **pans(page),
        **zooms(page),
    }


def pans(page: Any) -> dict[str, float]:
    """Milliseconds between two frames while the map is dragged to and fro."""
    box = page.locator(".imgsim-body").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(FRAMES)
    for step in range(60):
        page.mouse.move(x + 3 * (step % 20), y + 2 * (step % 15))
    frames = sorted(page.evaluate("() => { window.watching = false; return window.frames_ms; }"))
    page.mouse.up()
    page.wait_for_timeout(1500)
    return {"pan_ms": statistics.median(frames), "pan_slow_ms": frames[int(len(frames) * 0.95)]}


def zooms(page: Any) -> dict[str, float]:
    """Milliseconds from the last turn of the wheel until more points are drawn; nothing where all are."""
    drawn = page.locator(".imgsim-drawn").first
    if not drawn.inner_text():
        return {}
    taken = []
    for _ in range(4):
        before = page.evaluate(LOOKS)
        page.mouse.wheel(0, -300)
        start = time.perf_counter()
        page.wait_for_function(f"before => ({LOOKS})() > before", arg=before, polling=10)
        taken.append(time.perf_counter() - start)
        page.wait_for_timeout(500)
    print(f"after the zoom: {drawn.inner_text()}", file=sys.stderr)
    return {"zoom_ms": 1000 * statistics.median(taken)}


def clicks(page: Any, n_clicks: int, plot: str = PLOT, gallery: str = GALLERY) -> list[float]:
    """Seconds from each click on a point to another gallery with all its thumbnails loaded."""
    taken: list[float] = []
    for x, y in places(page, n_clicks, plot):
        before = page.evaluate(gallery)
        page.mouse.move(x, y)
        page.wait_for_timeout(200)
        start = time.perf_counter()
        page.mouse.down()
        page.mouse.up()
        try:
            page.wait_for_function(
                f"before => {{ const now = {gallery}; return now && now !== before }}",
                arg=before,
                timeout=PATIENCE,
                polling=10,
            )
        except TimeoutError:  # no point under the pointer
            continue
        taken.append(time.perf_counter() - start)
        page.wait_for_timeout(400)  # slower than a double click
    return taken


def places(page: Any, n: int, plot: str) -> list[tuple[float, float]]:
    """Where coloured pixels of the plot are on the page, spread over it."""
    picture = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"), dtype=int)
    box = page.locator(plot).first.bounding_box()
    left, top = int(box["x"]) + 20, int(box["y"]) + 20
    part = picture[top : top + int(box["height"]) - 40, left : left + int(box["width"]) - 40]
    ys, xs = np.nonzero(np.ptp(part, axis=2) > 60)
    chosen = np.random.default_rng(0).choice(len(xs), n)
    return [(float(xs[i] + left), float(ys[i] + top)) for i in chosen]


LOOKS = "() => Number(document.querySelector('.imgsim-panel').dataset.looks ?? 0)"
FRAMES = """() => {
  window.frames_ms = []; window.watching = true;
  let last = performance.now();
  const step = (now) => {
    window.frames_ms.push(now - last);
    last = now;
    if (window.watching) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}"""


def rest(home: Path) -> None:
    """Have in the store what a new server would begin to make by itself, so that no job runs beside the clock."""
    pipeline = Pipeline(Workspace(home))
    pipeline.make_map(MapRequest(**View().request()), _say)
    for card in pipeline.collections():
        pipeline.scan(card.source)


def stage() -> Iterator[Row]:
    """Loading the page and clicking a point at each size, beside a chart of Streamlit's own."""
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        home = Path(os.environ.get("IMGSIM_BENCH_HOME", temporary))
        home.mkdir(parents=True, exist_ok=True)
        rest(home)
        browser = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        for n in map(int, os.environ.get("IMGSIM_BENCH_MAP", "10000 100000").split()):
            source = prepared(home, n)
            plain = write_plain(home, source, n)
            with served(browser, home) as (page, url):
                ours = measure(page, url, source, CLICKS)
            with served(browser, plain, ROOT / "benchmarks/_plain_map.py") as (page, url):
                load, click = measure_plain(page, url)
            yield Row(f"the page with a map of {n:,}, loaded", ours["reload_ms"], load, CHART, "ms")
            yield Row(f"a map of {n:,}, opened from another page", ours["open_ms"], unit="ms")
            yield Row(f"click to six neighbours among {n:,}", ours["click_ms"], click, CHART, "ms")
            yield Row(
                f"a frame while {n:,} are dragged", ours["pan_ms"], unit="ms", quality={"95 %": ours["pan_slow_ms"]}
            )


def write_plain(home: Path, source: str, n: int) -> Path:
    """The folder of what the peer shows: the same map, neighbours and pictures."""
    folder = home / f"plain-{n}"
    folder.mkdir(exist_ok=True)
    made = Pipeline(Workspace(home)).make_map(MapRequest(source, METHOD, MAP))
    near, pictures = made.neighbors.indices[:, :6], np.stack(list(drawn(n)))
    np.savez(folder / "plain.npz", xy=made.projection.xy, indices=near, label=np.arange(n) % 10, pictures=pictures)
    return folder


@contextmanager
def served(browser: Any, home: Path, script: Path = ROOT / "app.py") -> Iterator[tuple[Any, str]]:
    """A page of the browser, and the address of a server that ends with it."""
    app = App(home, script)
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    try:
        yield page, app.url
    finally:
        page.close()
        app.stop()


def measure_plain(page: Any, url: str) -> tuple[float, float]:
    """The peer's milliseconds until its chart is drawn, and from click to six pictures."""
    loaded = []
    for _ in range(4):
        start = time.perf_counter()
        page.goto(url)
        page.wait_for_function(PLAIN_DRAWN, timeout=120_000, polling=20)
        loaded.append(time.perf_counter() - start)
        page.wait_for_timeout(2000)
    taken = clicks(page, CLICKS, ".js-plotly-plot", PLAIN_GALLERY)
    return 1000 * statistics.median(loaded[1:]), 1000 * statistics.median(taken)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--images", type=int, nargs="*", default=[10_000, 100_000])
    options.add_argument("--far", type=int, nargs="*", default=[])
    options.add_argument("--clicks", type=int, default=15)
    options.add_argument("--home", type=Path)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = given.home or Path(temporary)
        home.mkdir(parents=True, exist_ok=True)
        rest(home)
        sources = {f"{n}": prepared(home, n) for n in given.images}
        sources |= {f"{n} by lot": _far_collection.prepared(home, n, METHOD, MAP) for n in given.far}
        app = App(home)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
                page = browser.new_page(viewport={"width": 1400, "height": 900})
                for n, source in sources.items():
                    _show({"images": n, **measure(page, app.url, source, given.clicks)}, given.json)
        finally:
            app.stop()


def _show(row: dict[str, Any], as_json: bool) -> None:
    text = "  ".join(f"{name} {value if name == 'images' else round(value)}" for name, value in row.items())
    print(json.dumps(row) if as_json else text, flush=True)


def _say(stage: str, done: int, total: int) -> None:
    if done == total:
        print(f"{stage}: {total:,}", file=sys.stderr)


if __name__ == "__main__":
    main()
