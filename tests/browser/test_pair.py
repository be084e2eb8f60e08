"""The pair page in a real browser: from a neighbour's "Why?" to the evidence, drawn."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from skimage import data

from tests.browser.test_explore import READY

SAID = re.compile(r"(\d+) of (\d+) matches agree")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A photo, the same turned by 15 degrees, and three others."""
    first = Image.fromarray(data.coffee())
    first.save(tmp_path / "coffee.png")
    first.rotate(15, resample=Image.Resampling.BICUBIC).save(tmp_path / "turned.png")
    for name in ("cat", "rocket", "astronaut"):
        Image.fromarray(getattr(data, name)()).save(tmp_path / f"{name}.png")
    return tmp_path


def test_two_edits_of_one_photo_show_where_they_match(page: Any, app_url: str, photos: Path) -> None:
    page.goto(f"{app_url}/pair?collection={photos}&a=coffee.png&b=turned.png&methods=pixels;sift_verified")
    said = page.get_by_text(SAID)
    said.wait_for()
    found = SAID.search(said.inner_text())
    assert found is not None
    inliers, matches = map(int, found.groups())
    assert matches >= inliers > 50
    assert "turned 15° anticlockwise" in said.inner_text()
    drawn = page.locator("[data-testid=stImage] img")
    page.wait_for_function("() => document.querySelector('[data-testid=stImage] img')?.naturalWidth > 600")
    assert drawn.count() == 1
    page.locator(".imgsim-pair tr", has_text="SIFT matches").wait_for()
    assert str(inliers) in page.locator(".imgsim-pair tr", has_text="SIFT matches").inner_text()


def test_why_leads_from_a_neighbour_to_its_pair(page: Any, app_url: str) -> None:
    page.goto(f"{app_url}/explore?method=hog&image=coffee/original")
    page.wait_for_selector(READY)
    cell = page.locator(".imgsim-cell").nth(1)
    other = str(cell.locator("img").get_attribute("alt"))
    cell.hover()
    cell.get_by_role("button", name=re.compile("why is it similar")).click()
    page.wait_for_url(re.compile(r"/pair\?.*why=hog"))
    page.get_by_text("Why are these two similar?").wait_for()
    page.wait_for_function(
        "(id) => [...document.querySelectorAll('.imgsim-focus figcaption')].map((x) => x.textContent).includes(id)",
        arg=other,
    )
    page.get_by_text("HOG", exact=True).first.wait_for()
