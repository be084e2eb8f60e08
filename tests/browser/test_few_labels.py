"""Few labels in a real browser: two classes by clicks, the rest is labelled, and the labels survive a reload."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.browser.conftest import App
from tests.test_products_page import ramp


def test_two_clicks_label_the_rest(page: Any, app: App, tmp_path: Path) -> None:
    for number in range(6):
        ramp(number * 5 if number < 3 else 90 + number * 5).save(tmp_path / f"{number}<i>.png")
    address = f"{app.url}/few_labels?collection={tmp_path}&method=pixels&find=png"
    page.goto(address)
    page.get_by_text("Name two classes or more").wait_for()
    assert page.get_by_text("Labelled so far").count() == 0
    for word, number in (("night", 0), ("day", 5)):
        page.get_by_placeholder("A new class").fill(word)
        page.get_by_role("button", name="Add", exact=True).dblclick()  # the second click finds no words
        page.get_by_text(f"{word} (0)").wait_for()
        page.locator(".imgsim-gallery img").nth(number).click()
        page.get_by_text(f"{word} (1)").wait_for()
    page.get_by_text("Result", exact=True).click()
    page.get_by_text("2 labels for 4 other images").wait_for()
    assert page.get_by_text("day 2, night 2").or_(page.get_by_text("night 2, day 2")).count() == 1
    page.goto(address)
    page.get_by_text("Labelled so far").wait_for()
