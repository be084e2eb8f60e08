"""Can everybody use it? axe-core on the pages in both themes, and the map by the keyboard alone."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from imgsim.pipeline import MapRequest, Pipeline
from imgsim.workspace import Workspace
from tests.browser.conftest import ROOT, App

SLOW = 180_000
MAP = ".imgsim-map[data-ready]"
PAIR = "pair?a=coffee/original&b=coffee/rotate_15&methods=color_histogram;hog&why=hog"
PANELS = "color_histogram|pca;hog|pca"
SMALL = "collection={small}"
CHART = ".stPlotlyChart[role=img][aria-label]"
PAGES = {  # name: address, and what is there when the page is
    "explore": ("explore?method=hog&map=pca&image=coffee/original", ".imgsim-cell img"),
    "compare": (f"compare?panels={PANELS}&image=coffee/original", ".imgsim-row img"),
    "pair": (PAIR, "[data-testid=stImage] img"),
    "duplicates": ("duplicates", "[data-testid=stSlider]"),
    "search": (f"search?{SMALL}&methods=hog&map=pca&image=a/0.png", ".imgsim-cell img"),
    "robustness": (f"robustness?{SMALL}&methods=color_histogram;hog&by=pca&kind=hue&strength=90", MAP),
    "inspector": (f"inspector?{SMALL}&method=color_histogram&step=3", "[data-testid=stImage] img"),
    "manipulation": ("manipulation", "[data-testid=stFileUploaderDropzone]"),
    "anomalies": (f"anomalies?{SMALL}&method=hog&detector=knn:k=1&normal=label%3Da", ".imgsim-gallery img"),
    "products": (f"products?{SMALL}&methods=hog&weights=5", ".imgsim-gallery img"),
    "few_labels": (f"few_labels?{SMALL}&method=hog", ".imgsim-gallery img"),
    "train": (f"train?{SMALL}", "role=button[name='Start training']"),
    "lessons": ("lessons?lesson=pixels_fail&step=break&on={small}", CHART),
    "worlds": ("worlds?world=clusters:n=50", CHART),
    "methods": ("methods", "text=Blind to"),  # the last two set long jobs going, which others would wait for
    "home": ("", "text=Bring your own pictures"),
}
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
# Rules that stumble over Streamlit's own frame, which no page can change, and over which part of it. All else holds.
STREAMLIT = {"presentation-role-conflict": 'data-testid="stFileUploaderDropzone"'}
GALLERY = "() => [...document.querySelectorAll('.imgsim-cell img')].map((one) => one.alt).join()"
STILL = """() => !document.querySelector('[data-stale="true"]')
  && !document.querySelector('[data-testid="stStatusWidget"]')"""


@pytest.fixture(scope="module")
def made(app: App) -> App:
    """The app with the two maps that the pages ask for, and a workspace of its own."""
    pipeline = Pipeline(Workspace(app.home))
    for method in ("color_histogram", "hog"):
        pipeline.make_map(MapRequest("builtin:photos", method, "pca"))
    return app


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few pictures of two labels: every page has something to show at once."""
    folder = tmp_path_factory.mktemp("small")
    for number in range(24):
        label = "ab"[number % 2]
        (folder / label).mkdir(exist_ok=True)
        random = np.random.default_rng(number).integers(0, 255, (4, 5, 3)).astype(np.uint8)
        Image.fromarray(random).resize((96, 72), Image.Resampling.BICUBIC).save(folder / label / f"{number}.png")
    return folder


def test_every_page_is_looked_at() -> None:
    assert set(PAGES) == {path.stem for path in (ROOT / "pages").glob("[!_]*.py")}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_in_either_theme(page: Any, made: App, small: Path, name: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    address, ready = PAGES[name]
    page.goto(f"{made.url}/{address.format(small=small)}")
    page.wait_for_selector(ready, timeout=SLOW)
    if name == "manipulation":
        page.locator("input[type=file]").first.set_input_files(small / "a" / "0.png")
        page.wait_for_selector("[data-testid=stImage] img", timeout=SLOW)
    for theme, rules in (("light", STANDARDS), ("dark", ["color-contrast"])):  # the theme changes nothing but colours
        page.emulate_media(color_scheme=theme)
        page.wait_for_timeout(600)
        page.wait_for_function(STILL, timeout=SLOW)
        options = {"runOnly": rules, "resultTypes": ["violations"]}
        found = Axe().run(page, options=options).response["violations"]
        told = [
            (rule["id"], node["target"], node["html"][:200], node["failureSummary"][:300])
            for rule in found
            for node in rule["nodes"]
            if STREAMLIT.get(rule["id"], "nothing") not in node["html"]
        ]
        assert told == [], f"{name}, {theme}"


def test_axe_would_find_a_picture_without_words(page: Any, made: App) -> None:
    """The negative control: the check sees what it is there for."""
    from axe_playwright_python.sync_playwright import Axe

    page.goto(f"{made.url}/methods")
    page.get_by_text("Blind to").first.wait_for(timeout=SLOW)
    page.evaluate("() => document.querySelector('.stMain').append(document.createElement('img'))")
    found = Axe().run(page, options={"runOnly": ["image-alt"]}).response["violations"]
    assert [rule["id"] for rule in found] == ["image-alt"]


def test_the_map_by_the_keyboard_alone(page: Any, made: App) -> None:
    from playwright.sync_api import TimeoutError

    page.goto(f"{made.url}/explore?method=hog&map=pca")
    page.wait_for_selector(MAP, timeout=SLOW)
    body = page.locator(".imgsim-body").first
    body.focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('.imgsim-live').textContent.includes('/')")
    before = page.evaluate("() => document.querySelector('.imgsim-plot')._fullLayout.xaxis.range.join()")
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_function(
        "(before) => document.querySelector('.imgsim-plot')._fullLayout.xaxis.range.join() !== before", arg=before
    )
    page.keyboard.press("0")
    page.keyboard.press("s")
    assert "First corner" in page.locator(".imgsim-live").first.inner_text()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    page.keyboard.press("s")
    page.get_by_text(re.compile(r"^\d+ selected$")).first.wait_for()
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.querySelector('.imgsim-selected').textContent === ''")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("image="))
    cell = page.locator(".imgsim-cell button.imgsim-picture").first
    cell.wait_for(timeout=SLOW)
    at, first = page.url.partition("image=")[2], page.evaluate(f"({GALLERY})()")
    for _ in range(20):  # the gallery may still be put in order, and take the focus with it
        cell.focus()
        page.keyboard.press("Enter")  # walk on from a neighbour
        with contextlib.suppress(TimeoutError):
            page.wait_for_function("(first) => !location.href.includes(first)", arg=at, timeout=6_000)
            break
    page.wait_for_function(f"(first) => ({GALLERY})() !== first", arg=first)
    page.wait_for_function("() => document.activeElement.matches('.imgsim-cell button')")  # the focus stayed there
    entry = page.locator(".imgsim-entry").first
    entry.focus()
    page.keyboard.press("Shift+Enter")
    pressed = "() => [...document.querySelectorAll('.imgsim-entry')].map((e) => e.getAttribute('aria-pressed')).join()"
    assert page.evaluate(pressed).count("true") == 1
    page.keyboard.press("Shift+Enter")
    assert "false" not in page.evaluate(pressed)
