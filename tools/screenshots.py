"""Take the pictures of the README from the running app: `make screenshots`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from imgsim.pipeline import MapRequest, Pipeline
from imgsim.workspace import Workspace
from tests.browser.conftest import App
from tests.browser.get_browser import ARGUMENTS, find

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
SHOTS = {
    "home": "",
    "explore": "explore?color=field:photo&image=coffee/rotate_15&landmarks=1",
}


def main() -> None:
    """One picture a page, 1400 x 900, light."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        Pipeline(Workspace(Path(home))).make_map(MapRequest("builtin:photos", "imgsim_mini", "tsne"))
        app = App(Path(home))
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
                page = browser.new_page(viewport={"width": 1400, "height": 900}, color_scheme="light")
                for name, path in SHOTS.items():
                    page.goto(f"{app.url}/{path}")
                    page.wait_for_selector(".imgsim-map[data-ready]", timeout=60_000)
                    page.wait_for_timeout(4000)  # thumbnails and landmarks
                    page.screenshot(path=IMAGES / f"{name}.png")
        finally:
            app.stop()


if __name__ == "__main__":
    main()
