"""Comparing in a real browser: a ring on all maps, a lasso for all, a cell that leads to its images, a morph."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from imgsim.pipeline import MapRequest, Pipeline
from imgsim.workspace import Workspace
from tests.browser.conftest import App
from tests.browser.test_explore import lasso_round
from tests.browser.test_map import PLACE
from tests.test_pages import folder_of

PANELS = "pixels|pca;color_histogram|pca;hog|pca"
READY = """() => [...document.querySelectorAll('.imgsim-map[data-ready] .imgsim-plot')]
  .filter((div) => div._fullLayout).length >= 3"""
INK = """(panel) => { const canvas = document.querySelectorAll('.imgsim-over')[panel];
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return data.reduce((sum, value) => sum + (value > 0), 0); }"""
HOVER_MS = """async ([x, y]) => { const body = document.querySelector('.imgsim-body'), start = performance.now();
  body.dispatchEvent(new PointerEvent('pointermove', { clientX: x, clientY: y, bubbles: true }));
  return performance.now() - start; }"""

DOTS = "() => document.querySelector('.imgsim-morph canvas').toDataURL()"


@pytest.fixture
def compared(page: Any, app: App, tmp_path: Path) -> Any:
    source = folder_of(tmp_path / "noise", [f"{'cats' if n % 2 else 'dogs'}/{n}.png" for n in range(60)])
    pipeline = Pipeline(Workspace(app.home))  # made beforehand: the app's own first job is not what is tested
    for panel in PANELS.split(";"):
        pipeline.make_map(MapRequest(source, *panel.split("|")))
    page.goto(f"{app.url}/compare?collection={source}&panels={PANELS}&ask=agree")
    page.wait_for_function(READY)
    page.get_by_text("How much do two methods agree?").wait_for()
    return page


def test_one_image_on_all_maps_one_lasso_for_all_and_a_cell_that_leads_on(compared: Any) -> None:
    page = compared
    assert [page.evaluate(INK, panel) for panel in range(3)] == [0, 0, 0]
    place = page.evaluate(PLACE, [0, 7])
    page.mouse.move(place[0] - 1, place[1])
    page.mouse.move(*place)
    page.locator(".imgsim-card").wait_for()
    assert all(page.evaluate(INK, panel) > 50 for panel in range(3))
    assert page.evaluate(HOVER_MS, [place[0] + 30, place[1] + 10]) < 50
    page.mouse.move(5, 5)
    lasso_round(page, 7, 40)
    page.get_by_text(re.compile("images selected on every map")).wait_for()
    assert all(page.evaluate(INK, panel) > 1000 for panel in range(3))
    box = page.locator(".stPlotlyChart .nsewdrag").last
    box.scroll_into_view_if_needed()
    frame = box.bounding_box()
    page.mouse.click(frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 6)
    page.get_by_text("They agree least").wait_for()
    assert page.locator(".imgsim-row").count() == 2
    page.get_by_text("What moves between two maps?").click()
    page.get_by_text("Who leaves its neighbours when").wait_for()
    before = page.evaluate(DOTS)
    page.locator(".imgsim-morph button").first.focus()  # by the keyboard alone
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".imgsim-morph[data-at='1']")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('.imgsim-morph').dataset.at > 2")
    between = page.evaluate(DOTS)
    page.wait_for_selector(".imgsim-morph[data-at='100']")
    assert len({before, between, page.evaluate(DOTS)}) == 3  # on its way, and there
