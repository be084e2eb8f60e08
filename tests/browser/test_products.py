"""Products in a real browser: an item, what is recommended, a like that changes the list, and no copy of the item."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from tests.browser.conftest import App


def test_a_like_changes_what_is_recommended(page: Any, app: App, tmp_path: Path) -> None:
    for name, grey in (("a<b>", 10), ("b", 40), ("c", 80), ("d", 150), ("e", 250)):
        Pillow.fromarray(np.full((40, 40, 3), grey, np.uint8)).save(tmp_path / f"{name}.png")
    (tmp_path / "copy.png").write_bytes((tmp_path / "a<b>.png").read_bytes())
    page.goto(f"{app.url}/products?collection={tmp_path}&methods=pixels&weights=5&item=a<b>.png&diversity=0")
    page.get_by_text("Chosen from 4 items.").wait_for(timeout=60_000)
    shown = page.locator(".imgsim-gallery").first
    assert "copy.png" not in shown.inner_text()
    assert shown.locator("img").first.get_attribute("alt") == "b.png"
    page.get_by_role("radio", name="Like", exact=True).click()
    page.get_by_text("More like this").first.wait_for(state="attached")
    shown.locator("button.imgsim-picture", has=page.locator("img[alt='e.png']")).click()
    page.get_by_text("Chosen from 3 items.").wait_for()
    assert page.get_by_text("More like", exact=True).count() == 1
    assert "likes=" in page.url
