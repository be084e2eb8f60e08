"""The main journey in a real browser: the first page, a click, the walk, the selection, what is taken home."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.browser.test_map import PLACE

READY = ".imgsim-map[data-ready]"
FOCUS = ".imgsim-focus figcaption"


def explore(page: Any, app_url: str, query: str = "") -> None:
    page.goto(f"{app_url}/explore?{query}")
    page.wait_for_selector(READY)


def focus_of(page: Any) -> str:
    return str(page.locator(FOCUS).inner_text())


def wait_for_focus(page: Any, id: str) -> None:
    page.locator(FOCUS, has_text=re.compile(f"^{re.escape(id)}$")).wait_for()


def click_row(page: Any, row: int) -> None:
    x, y = page.evaluate(PLACE, [0, row])
    page.mouse.move(x - 1, y)
    page.mouse.move(x, y)
    page.mouse.click(x, y)


def lasso_round(page: Any, row: int, radius: float) -> None:
    x, y = page.evaluate(PLACE, [0, row])
    page.get_by_title(re.compile("Select with a lasso")).click()
    page.mouse.move(x + radius, y)
    page.mouse.down()
    for angle in np.linspace(0, 2 * np.pi, 16):
        page.mouse.move(x + radius * np.cos(angle), y + radius * np.sin(angle))
    page.mouse.up()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for number in range(8):
        pixels = np.random.default_rng(number).integers(0, 255, (48, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"p{number}.png")
    (tmp_path / "notes.jpg").write_text("no picture")
    return tmp_path


def test_the_first_page_has_a_map_and_a_click_goes_on_exploring(page: Any, app_url: str) -> None:
    page.goto(app_url)
    page.wait_for_selector(READY)
    page.wait_for_function("() => document.querySelector('[data-landmarks]')?.dataset.landmarks > 5")
    assert page.locator(FOCUS).count() == 0
    click_row(page, 3)
    page.wait_for_url(re.compile("/explore"))
    page.locator(FOCUS).wait_for()
    page.wait_for_function("() => document.querySelectorAll('.imgsim-picture').length === 24")


def test_a_walk_back_forward_reload_and_a_second_tab(page: Any, app_url: str) -> None:
    explore(page, app_url)
    assert page.locator(FOCUS).count() == 0
    click_row(page, 3)
    page.locator(FOCUS).wait_for()
    start = focus_of(page)
    shown = page.locator(".imgsim-picture").nth(4)
    assert shown.locator("img").get_attribute("alt") != start  # an image is not its own neighbour
    second = str(shown.locator("img").get_attribute("alt"))
    shown.click()
    wait_for_focus(page, second)
    page.get_by_role("button", name="Back").click()
    wait_for_focus(page, start)
    page.get_by_role("button", name="Forward").click()
    wait_for_focus(page, second)
    page.reload()
    page.wait_for_selector(READY)
    wait_for_focus(page, second)
    other = page.context.new_page()
    other.goto(page.url)
    wait_for_focus(other, second)


def test_fast_clicks_end_at_the_last(page: Any, app_url: str) -> None:
    explore(page, app_url, "image=camera/original")
    page.locator(".imgsim-picture").nth(3).wait_for()
    for place in (0, 1, 2):
        page.locator(".imgsim-picture").nth(place).click(no_wait_after=True)
    last = page.locator(".imgsim-picture")
    page.wait_for_timeout(1500)
    id = focus_of(page)
    assert id in page.evaluate("() => new URL(location.href).searchParams.get('image')")
    assert id not in [last.nth(i).locator("img").get_attribute("alt") for i in range(last.count())]


def test_lasso_export_and_clear(page: Any, app_url: str) -> None:
    explore(page, app_url)
    lasso_round(page, 3, 60)
    page.get_by_text("What sets this region apart").wait_for()
    said = str(page.get_by_text(re.compile("^Selection: ")).first.inner_text())
    n = int(re.findall(r"\d+", said)[0])
    assert 0 < n < 572
    page.reload()
    page.wait_for_selector(READY)
    page.get_by_text(said).wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Selection as CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"))))
    assert len(rows) == n
    assert {"id", "photo", "edit", "strength", "map_x", "map_y"} <= rows[0].keys()
    page.get_by_role("button", name="Clear selection").click()
    page.get_by_text("What sets this region apart").wait_for(state="hidden")
    assert "lasso" not in page.url


def test_the_map_as_html_holds_no_outside_address(page: Any, app_url: str) -> None:
    explore(page, app_url)
    page.get_by_text("Save", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Map as HTML").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert text.lower().startswith("<!doctype html>")
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=.https?:", text)


def test_a_folder_is_brought_renamed_and_removed(page: Any, app_url: str, pictures: Path) -> None:
    page.goto(app_url)
    page.get_by_label(re.compile("^Path of a folder")).fill(str(pictures))
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Add and explore").click()
    page.get_by_text("1 file was left out").wait_for()
    page.get_by_role("link", name="Home").click()
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Name", exact=True).fill("Noise")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    page.locator(".imgsim-about", has_text="Noise").wait_for()
    page.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_role("button", name="Remove it").click()
    page.locator(".imgsim-about", has_text="Noise").wait_for(state="detached")
    assert len(list(pictures.glob("*.png"))) == 8


def test_nonsense_in_the_address_is_said_and_no_error_is_shown(page: Any, app_url: str) -> None:
    explore(page, app_url, "method=hgo&map=%00&dims=9&lasso=%5B&image=%3Cimg src=x onerror=alert(1)%3E&color=field:x")
    page.get_by_text("did you mean 'hog'").wait_for()
    assert page.locator(".stException").count() == 0


def test_a_job_is_seen_from_another_page_after_a_reload_and_stops_at_once(page: Any, app_url: str) -> None:
    page.goto(f"{app_url}/explore?collection=builtin:digits&method=sift_vlad&map=umap")
    page.get_by_role("button", name="Cancel").wait_for()
    assert page.locator(READY).count() == 0
    page.reload()
    page.get_by_text("Map of Handwritten digits by SIFT VLAD").wait_for()
    page.get_by_role("button", name="Understand").click()
    page.get_by_role("menuitem", name="Methods").click()
    page.get_by_text("Work in progress").wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Work in progress").wait_for(state="hidden")
    page.get_by_role("link", name="Explore").click()
    page.get_by_text("Stopped.").wait_for()


def test_the_browsers_own_back_button_goes_back(page: Any, app_url: str) -> None:
    explore(page, app_url, "image=camera/original")
    wait_for_focus(page, "camera/original")
    page.locator(".imgsim-picture").nth(2).click()
    page.wait_for_function("() => !document.querySelector('.imgsim-focus figcaption').innerText.includes('original')")
    page.go_back()
    wait_for_focus(page, "camera/original")
