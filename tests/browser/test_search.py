"""The search page in a real browser: upload a picture, draw a region, walk on, paste another, take one by camera."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from skimage import data

from tests.browser.conftest import PATIENCE

PASTE = """async (bytes) => {
  const file = new File([new Uint8Array(bytes)], 'pasted.png', { type: 'image/png' });
  const transfer = new DataTransfer();
  transfer.items.add(file);
  document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }));
}"""

LIKE_TWO = """() => {
  const buttons = document.querySelectorAll(".imgsim-cell button[aria-label$=': like']");
  buttons[1].click();
  setTimeout(() => buttons[2].click(), 30);
}"""


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name in ("coffee", "chelsea", "rocket", "astronaut"):
        Image.fromarray(getattr(data, name)()).save(tmp_path / f"{name}.png")
    return tmp_path


def png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def first_is(page: Any, name: str) -> None:
    page.wait_for_function(
        "(name) => document.querySelector('.imgsim-cell .imgsim-name')?.textContent === `1. ${name}`"
        " || document.querySelector('.imgsim-cell img')?.alt === name",
        arg=name,
    )


def test_upload_region_results_and_more_like_this(page: Any, app_url: str, photos: Path) -> None:
    from playwright.sync_api import expect

    coffee, cat = Image.fromarray(data.coffee()), Image.fromarray(data.chelsea()).resize((600, 400))
    both = Image.new("RGB", (1200, 400))
    both.paste(coffee, (0, 0))
    both.paste(cat, (600, 0))
    page.goto(f"{app_url}/search?collection={photos}&methods=color_histogram&map=pca")
    uploader = page.locator(".st-key-search_upload input[type=file]")
    uploader.wait_for(state="attached")
    uploader.set_input_files({"name": "both.png", "mimeType": "image/png", "buffer": png(both)})
    frame = page.locator(".imgsim-query-frame")
    frame.wait_for()
    page.get_by_text("Nearest 4").wait_for()
    assert page.locator(".imgsim-query-box").is_hidden()
    page.wait_for_function("() => document.querySelector('.imgsim-query-frame img').naturalWidth > 100")

    area = frame.bounding_box()  # the right half is the cat
    at = lambda x, y: (area["x"] + x * area["width"], area["y"] + y * area["height"])  # noqa: E731
    page.mouse.move(*at(0.52, 0.03))
    page.mouse.down()
    page.mouse.move(*at(0.7, 0.5), steps=3)
    page.mouse.move(*at(0.98, 0.97), steps=3)
    page.mouse.up()
    page.wait_for_url(re.compile("region="))
    first_is(page, "chelsea.png")

    box = page.locator(".imgsim-query-box")
    box.focus()
    page.keyboard.press("Delete")
    page.wait_for_function("() => !location.href.includes('region=')")
    page.locator(".imgsim-query-frame").press("Enter")
    page.wait_for_url(re.compile("region="))
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    page.wait_for_url(re.compile("region=0.19"))

    page.get_by_role("button", name="rocket.png: More like this").click()
    page.wait_for_url(re.compile(r"image=rocket\.png"))
    page.get_by_text("Nearest 3").wait_for()
    assert "region=" not in page.url
    page.wait_for_function("() => document.querySelectorAll('.imgsim-cell img').length === 3")
    assert "rocket.png" not in page.locator(".imgsim-cell img").evaluate_all("(all) => all.map((one) => one.alt)")
    page.wait_for_selector(".imgsim-map[data-ready]")

    page.evaluate(PASTE, list(png(coffee.resize((150, 100)))))
    page.wait_for_url(re.compile("image=upload"))
    first_is(page, "coffee.png")
    page.evaluate(LIKE_TWO)
    page.wait_for_url(re.compile(r"likes=.*png.*png"))  # the second click came before the first one's address

    page.context.grant_permissions(["camera"])
    before = page.url
    page.get_by_role("radio", name="Camera").click()
    page.wait_for_function("() => document.querySelector('[data-testid=stCameraInput] video')?.readyState > 2")
    taken = page.get_by_role("button", name="Take Photo")
    expect(taken).to_be_in_viewport(timeout=PATIENCE)  # without scrolling
    taken.click()
    page.wait_for_url(lambda url: url != before and "image=upload" in url)
    page.locator(".imgsim-query-frame img").wait_for()
    page.get_by_text("Nearest 2").wait_for()  # two were liked
