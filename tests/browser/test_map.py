"""The map in a real browser: what is hovered, clicked and lassoed is the right image."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from imgsim.plots.standalone import Sheet, map_page
from tests.browser.conftest import App
from tests.browser.map_app.fake import Fake, Thumbnails, collection_key, labels, map_key, picture_color

PLACE = """([panel, row]) => {
  const div = document.querySelectorAll('.imgsim-plot')[panel], { xaxis, yaxis, _size: box } = div._fullLayout;
  const trace = div._fullData[0], frame = div.getBoundingClientRect(), [x0, x1] = xaxis.range, [y0, y1] = yaxis.range;
  return [frame.left + (trace.x[row] - x0) / (x1 - x0) * box.w, frame.top + (y1 - trace.y[row]) / (y1 - y0) * box.h];
}"""
MIDDLE_PIXEL = """(image) => {
  const pen = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
  pen.drawImage(image, 16, 16, 1, 1, 0, 0, 1, 1); return [...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}"""
COUNT = "(i) => document.querySelectorAll('.imgsim-plot')[i]._fullData[0].x.length"
RANGE = "() => document.querySelector('.imgsim-plot')._fullLayout.xaxis.range.map((v) => +v.toFixed(4))"


@pytest.fixture(scope="module")
def map_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    running = App(tmp_path_factory.mktemp("map"), Path(__file__).parent / "map_app" / "app.py")
    yield running.url
    running.stop()


def show(page: Any, url: str, query: str = "") -> None:
    page.goto(f"{url}/?{query}")
    page.wait_for_selector(".imgsim-map[data-ready]")


def said(page: Any, text: str) -> None:
    page.get_by_text(re.compile(text)).wait_for()


def lonely(row_of: np.ndarray, panel_xy: np.ndarray) -> int:
    """A row whose neighbours on the map are far, so that a pixel means it and nothing else."""
    gaps = np.linalg.norm(panel_xy[:, None] - panel_xy[None], axis=2) + np.eye(len(panel_xy)) * 1e9
    return int(row_of[gaps.min(axis=1).argmax()])


@pytest.fixture(scope="module")
def row() -> int:
    return lonely(np.arange(300), Fake().load_projection(map_key(300, 0)).xy)


def test_hover_shows_the_picture_and_the_id_of_the_point(page: Any, map_url: str, row: int) -> None:
    show(page, map_url, "panels=2")
    page.mouse.move(*page.evaluate(PLACE, [0, row]))
    page.wait_for_selector(f".imgsim-card[data-row='{row}']:not([hidden])")
    pixel = page.eval_on_selector(".imgsim-card img", MIDDLE_PIXEL)
    assert np.abs(np.subtract(pixel, picture_color(row))).max() <= 3
    assert page.inner_text(".imgsim-card-label") == f"label: {labels(300)[row]}"
    assert page.inner_text(".imgsim-card-name") == f"folder/<b>{row}</b>.jpg"
    page.mouse.move(5, 5)
    page.wait_for_selector(".imgsim-card", state="hidden")


def test_a_click_names_the_row_and_empty_space_clears(page: Any, map_url: str, row: int) -> None:
    show(page, map_url, "panels=2")
    x, y = page.evaluate(PLACE, [0, row])
    page.mouse.click(x, y)
    said(page, f"focus {row} ")
    frame = page.locator(".imgsim-body").first.bounding_box()
    page.mouse.click(frame["x"] + 3, frame["y"] + 3)
    said(page, "focus None")


def test_a_lasso_round_everything_counts_everything_but_the_hidden(page: Any, map_url: str) -> None:
    show(page, map_url)
    page.locator(".imgsim-entry").first.click()
    page.wait_for_selector(".imgsim-map[data-hidden='1']")
    assert page.evaluate(COUNT, 0) == 200
    page.locator(".imgsim-body").press("l")
    draw_round(page)
    said(page, "chosen 200$")
    assert page.inner_text(".imgsim-selected") == "200 selected"
    page.get_by_role("button", name="Clear").click()
    said(page, "chosen 0$")


def test_shift_adds_and_ctrl_removes(page: Any, map_url: str) -> None:
    show(page, map_url)
    page.locator(".imgsim-body").press("b")
    draw_round(page, 0.5)
    page.wait_for_selector(".imgsim-selected:has-text('selected')")
    page.keyboard.down("Shift")
    draw_round(page)
    page.keyboard.up("Shift")
    said(page, "chosen 300$")
    page.keyboard.down("Control")
    draw_round(page)
    page.keyboard.up("Control")
    said(page, "chosen 0$")


def draw_round(page: Any, share: float = 1.0) -> None:
    frame = page.locator(".imgsim-body").first.bounding_box()
    left, top = frame["x"] + 4, frame["y"] + 4
    right, low = left + (frame["width"] - 8) * share, top + frame["height"] - 8
    page.mouse.move(left, top)
    page.mouse.down()
    for corner in ((right, top), (right, low), (left, low), (left, top + 20)):
        if corner[1] == low or page.locator(".imgsim-panels[data-tool='lasso']").count():
            page.mouse.move(*corner, steps=4)
        if share <= 1 and corner == (right, low) and page.locator(".imgsim-panels[data-tool='box']").count():
            break
    page.mouse.up()


def test_a_double_click_on_the_legend_isolates_and_a_second_brings_all_back(page: Any, map_url: str) -> None:
    show(page, map_url)
    page.locator(".imgsim-entry").nth(1).dblclick()
    page.wait_for_selector(".imgsim-map[data-hidden='2']")
    assert page.evaluate(COUNT, 0) == 100
    page.wait_for_timeout(600)  # a fresh double click, not a fourth click of the first
    page.locator(".imgsim-entry").nth(1).dblclick()
    page.wait_for_selector(".imgsim-map[data-hidden='0']")
    assert page.evaluate(COUNT, 0) == 300


def test_zoom_stays_when_focus_and_colour_change(page: Any, map_url: str, row: int) -> None:
    show(page, map_url)
    whole = page.evaluate(RANGE)
    page.locator(".imgsim-body").press("+")
    page.wait_for_function(f"JSON.stringify(({RANGE})()) !== '{json.dumps(whole, separators=(',', ':'))}'")
    zoomed = page.evaluate(RANGE)
    page.get_by_text("distortion", exact=True).click()
    page.wait_for_selector(".imgsim-scale-bar")
    assert page.evaluate(RANGE) == zoomed
    page.locator(".imgsim-body").press("0")
    page.wait_for_function(f"JSON.stringify(({RANGE})()) === '{json.dumps(whole, separators=(',', ':'))}'")


SCALES = """() => {
  const { xaxis, yaxis, width, height } = document.querySelector('.imgsim-plot')._fullLayout;
  return [width / (xaxis.range[1] - xaxis.range[0]), height / (yaxis.range[1] - yaxis.range[0])];
}"""


def test_both_axes_have_one_scale_at_any_size_and_a_double_click_shows_all(page: Any, map_url: str) -> None:
    show(page, map_url)
    wide = page.evaluate(SCALES)
    assert wide[0] == pytest.approx(wide[1])
    page.set_viewport_size({"width": 760, "height": 700})
    page.wait_for_function("() => document.querySelector('.imgsim-plot')._fullLayout.width < 740")
    small = page.evaluate(SCALES)
    assert small[0] == pytest.approx(small[1])
    page.locator(".imgsim-body").press("+")
    page.wait_for_function(f"(small) => ({SCALES})()[0] > 1.4 * small", arg=small[0])
    page.set_viewport_size({"width": 1400, "height": 900})
    page.wait_for_function("() => document.querySelector('.imgsim-plot')._fullLayout.width > 800")
    zoomed = page.evaluate(SCALES)
    assert zoomed == pytest.approx([1.5 * small[0]] * 2)  # a part stays a part, at its scale
    page.locator(".imgsim-body").dblclick(position={"x": 5, "y": 5})
    page.wait_for_function(f"(w) => Math.abs(({SCALES})()[0] / w - 1) < 1e-6", arg=wide[0])


def test_the_keyboard_walks_and_says_where_it_is(page: Any, map_url: str) -> None:
    show(page, map_url)
    page.locator(".imgsim-body").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.imgsim-live').textContent.includes('folder/')")
    first = page.inner_text(".imgsim-live")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("(t) => document.querySelector('.imgsim-live').textContent !== t", arg=first)
    page.keyboard.press("Enter")
    said(page, r"focus \d+")


@pytest.mark.parametrize("query", ["n=0", "n=1", "n=300&d=3&landmarks=1", "n=10000&landmarks=1"])
def test_small_large_and_deep_maps_open_without_a_complaint(page: Any, map_url: str, query: str) -> None:
    show(page, map_url, query)
    empty = page.get_by_text("No images on this map.")
    assert empty.is_visible() == (query == "n=0")


DRAWN = ".imgsim-drawn"
TRACE = "() => { const { x, y } = document.querySelector('.imgsim-plot')._fullData[0]; return [[...x], [...y]]; }"


def test_of_too_many_points_a_sample_is_drawn_more_on_zoom_and_all_are_selected(page: Any, map_url: str) -> None:
    show(page, map_url, "n=10000&cap=1000")
    assert page.inner_text(DRAWN) == "1,000 of 10,000 drawn"
    assert page.evaluate(COUNT, 0) == 1000
    page.locator(".imgsim-body").press("l")
    draw_round(page)
    said(page, "chosen 10000$")
    page.wait_for_selector(".imgsim-selected:has-text('10,000 selected')")  # and not the 1,000 that are drawn
    page.get_by_role("button", name="Clear").click()
    said(page, "chosen 0$")

    page.locator(".imgsim-entry").first.click()
    page.wait_for_selector(f"{DRAWN}:has-text('1,000 of 6,666 here drawn')")
    rows = rows_drawn(page)
    assert len(rows) == 1000
    assert not (rows % 3 == 0).any()
    page.locator(".imgsim-entry").first.click()
    page.wait_for_selector(f"{DRAWN}:has-text('1,000 of 10,000 drawn')")

    page.mouse.move(*page.evaluate(PLACE, [0, 7]))
    for _ in range(40):
        page.mouse.wheel(0, -400)
        page.wait_for_timeout(250)  # at rest, what lies in the view is fetched
        few = int(page.get_attribute(".imgsim-panel", "data-landmarks") or 0)
        if few and page.inner_text(DRAWN).startswith("all "):
            break
    page.wait_for_selector(f"{DRAWN}:has-text('all ')")
    near = rows_drawn(page)
    assert not np.isin(near, rows).all()  # others than before
    page.wait_for_function("Number(document.querySelector('.imgsim-panel').dataset.landmarks) > 0")  # drawn anew
    assert int(page.get_attribute(".imgsim-panel", "data-landmarks")) <= 60


def rows_drawn(page: Any) -> np.ndarray:
    """The rows of the drawn points, by their places; fails where a point is not exactly at the place of a row."""
    x, y = page.evaluate(TRACE)
    of = {tuple(place): row for row, place in enumerate(Fake().load_projection(map_key(10_000, 0)).xy.tolist())}
    return np.array([of[place] for place in zip(x, y, strict=True)])


def test_landmarks_are_at_most_twenty(page: Any, map_url: str) -> None:
    show(page, map_url, "n=10000&landmarks=1")
    page.wait_for_function("Number(document.querySelector('.imgsim-panel').dataset.landmarks) > 3")
    assert int(page.get_attribute(".imgsim-panel", "data-landmarks")) <= 20


def test_a_standalone_file_opens_offline_and_hovers(browser: Any, tmp_path: Path, row: int) -> None:
    xy = Fake().load_projection(map_key(300, 0)).xy
    collection = Fake().load_collection(collection_key(300))
    title = "</script><b>mine</b>"
    text = map_page(title, [Sheet("A", xy)], collection.ids, fields=collection.fields, thumbnail=Thumbnails().webp)
    (tmp_path / "map.html").write_text(text, encoding="utf-8")
    context = browser.new_context(viewport={"width": 1200, "height": 800}, offline=True)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto((tmp_path / "map.html").as_uri())
    page.wait_for_selector(".imgsim-map[data-ready]")
    page.mouse.move(*page.evaluate(PLACE, [0, row]))
    page.wait_for_selector(f".imgsim-card[data-row='{row}']:not([hidden])")
    assert np.abs(np.subtract(page.eval_on_selector(".imgsim-card img", MIDDLE_PIXEL), picture_color(row))).max() <= 6
    page.select_option(".imgsim-choice", "number")
    page.wait_for_selector(".imgsim-scale-bar")
    assert page.inner_text("h1") == title
    page.screenshot(path=str(tmp_path / "standalone.png"))
    context.close()
    assert complaints == []


def test_png_and_svg_of_the_map_are_saved(page: Any, map_url: str) -> None:
    show(page, map_url)
    with page.expect_download() as png:
        page.get_by_role("button", name="PNG").click()
    picture = Image.open(png.value.path())
    assert (picture.format, picture.size, png.value.suggested_filename[-4:]) == ("PNG", (2400, 1600), ".png")
    assert len(np.unique(np.asarray(picture.convert("RGB").reduce(8)).reshape(-1, 3), axis=0)) > 50
    with page.expect_download() as svg:
        page.get_by_role("button", name="SVG").click()
    text = Path(svg.value.path()).read_text(encoding="utf-8")
    assert text.startswith("<svg")
    assert text.count('class="point"') == 300


def test_a_3d_map_hovers_and_clicks_the_same_image(page: Any, map_url: str) -> None:
    show(page, map_url, "n=300&d=3")
    frame = page.locator(".imgsim-body").first.bounding_box()
    for share in np.linspace(0.15, 0.9, 40):
        page.mouse.move(frame["x"] + 0.5 * frame["width"], frame["y"] + share * frame["height"])
        if page.locator(".imgsim-pointing").count():
            break
    page.wait_for_selector(".imgsim-card:not([hidden])")
    row = int(page.get_attribute(".imgsim-card", "data-row"))
    pixel = page.eval_on_selector(".imgsim-card img", MIDDLE_PIXEL)
    assert np.abs(np.subtract(pixel, picture_color(row))).max() <= 3
    page.mouse.down()
    page.mouse.up()
    said(page, f"focus {row} ")
