"""Products in a real browser: an item, what is recommended, a like that changes the list, and no copy of the item."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.browser.conftest import App
from tests.test_products_page import ramp


def test_a_like_changes_what_is_recommended(page: Any, app: App, tmp_path: Path) -> None:
    for name, degrees in (("a<b>", 0), ("b", 15), ("c", 35), ("d", 90), ("e", 120)):
        ramp(degrees).save(tmp_path / f"{name}.png")
    (tmp_path / "copy.png").write_bytes((tmp_path / "a<b>.png").read_bytes())
    page.goto(f"{app.url}/products?collection={tmp_path}&methods=pixels&weights=5&item=a<b>.png&diversity=0")
    page.get_by_text("Chosen from 4 items.").wait_for()
    shown = page.locator(".imgsim-gallery").first
    assert "copy.png" not in shown.inner_text()
    assert shown.locator("img").first.get_attribute("alt") == "b.png"
    page.get_by_role("radio", name="Like", exact=True).click()
    page.get_by_text("More like this").first.wait_for(state="attached")
    shown.locator("button.imgsim-picture", has=page.locator("img[alt='e.png']")).click()
    page.get_by_text("Chosen from 3 items.").wait_for()
    assert page.get_by_text("More like", exact=True).count() == 1
    assert "likes=" in page.url
