"""Take the pictures of the README and the tour from the running app: `make screenshots`."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from imgsim.pipeline import MapRequest, Pipeline
from imgsim.progress import silent
from imgsim.tasks import REST, sights
from imgsim.workspace import Workspace
from tests.browser.conftest import App
from tests.browser.get_browser import ARGUMENTS, find

DONE = "() => !document.querySelector('[class*=st-key-job_]')"  # no work in progress is on the page
PATIENCE = 300_000  # ms: a cold store on a busy machine
IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
MAP, ROWS, CHART = ".imgsim-map[data-ready]", ".imgsim-row img", ".stPlotlyChart[role=img] .main-svg"
METHODS = ("color_histogram", "hog", "imgsim_mini")
PANELS = ";".join(f"{method}|tsne" for method in METHODS)
SHOTS = {  # name: address, and what is there when the page is
    "home": ("", MAP),
    "explore": ("explore?color=field:photo&image=coffee/rotate_15&landmarks=1", MAP),
    "compare": (f"compare?panels={PANELS}&image=coffee/original", ROWS),
    "search": ("search?methods=imgsim_mini&image=coffee/original", ".imgsim-cell img"),
    "pair": (
        "pair?a=coffee/original&b=coffee/rotate_15&methods=pixels;color_histogram;hog;sift_verified&why=sift_verified",
        "[data-testid=stImage] img",
    ),
    "robustness": (f"robustness?methods={';'.join(METHODS)}&image=astronaut/original&kind=rotation&strength=45", ROWS),
    "duplicates": ("duplicates", "text=/groups/"),
    "methods": ("methods", "text=Blind to"),
    "inspector": ("inspector?method=hog&image=coffee/original&step=3", "[data-testid=stImage] img"),
    "lessons": ("lessons?lesson=pixels_fail&step=break", CHART),
    "worlds": ("worlds?world=clusters", CHART),
}
SCROLLED = {"pair": 330}  # pixels, to what the page is for


def main() -> None:
    """One picture a page, 1400 x 900, light, as WebP."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["IMGSIM_HOME"] = home
        _draw_sights()
        pipeline = Pipeline(Workspace(Path(home)))
        for method in METHODS:
            pipeline.make_map(MapRequest("builtin:photos", method, "tsne"))
        app = App(Path(home))
        try:
            take(app.url)
        finally:
            app.stop()


def take(url: str) -> None:
    """The pictures of an app that runs at an address."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1400, "height": 900}, color_scheme="light")
        page.set_default_timeout(PATIENCE)
        for name, (path, ready) in SHOTS.items():
            page.goto(f"{url}/{path}")
            page.wait_for_selector(ready)
            page.wait_for_function(DONE)
            page.wait_for_timeout(5000)  # thumbnails and landmarks
            page.mouse.move(700, 450)
            page.mouse.wheel(0, SCROLLED.get(name, 0))
            page.wait_for_timeout(500)
            _keep(page.screenshot(), IMAGES / f"{name}.webp")


def _draw_sights() -> None:
    """What methods see, which the page would draw piece by piece."""
    left: Mapping[str, Any] | None = {}
    while left is not None:
        left = sights.run(left, silent).get(REST)


def _keep(png: bytes, path: Path) -> None:
    Image.open(io.BytesIO(png)).convert("RGB").save(path, "WEBP", quality=82, method=6)


if __name__ == "__main__":
    main()
