"""Duplicates in a real browser: the job runs, a group is on the page, a click keeps another picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.browser.conftest import App
from tests.test_duplicates import picture


def test_a_group_is_found_and_another_picture_kept(page: Any, app: App, tmp_path: Path) -> None:
    picture(0).save(tmp_path / "large.png")
    picture(0).resize((160, 120)).save(tmp_path / "small<b>.png")
    picture(1).save(tmp_path / "other.png")
    page.goto(f"{app.url}/duplicates?collection={tmp_path}")
    page.get_by_text("1 of 3 pictures are copies of another").wait_for()
    shown = page.locator(".imgsim-gallery")
    assert "KEEP" in shown.inner_text()
    assert shown.locator("img").count() == 2
    assert page.get_by_text("other.png").count() == 0
    first = shown.inner_text()
    shown.locator("img").nth(1).click()
    page.wait_for_function("(was) => document.querySelector('.imgsim-gallery').innerText !== was", arg=first)
    assert "160 x 120" in shown.inner_text().split("KEEP")[1][:20]
