"""A training in a real browser: it starts, draws what it learnt, pauses, goes on where it was, and can be forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.browser.conftest import App
from tests.test_products_page import ramp


def test_a_training_pauses_goes_on_and_is_forgotten(page: Any, app: App, tmp_path: Path) -> None:
    for number in range(16):
        folder = tmp_path / ("dark" if number < 8 else "light")
        folder.mkdir(exist_ok=True)
        ramp(number * 4 if number < 8 else 90 + number * 4).save(folder / f"{number}<i>.png")
    page.goto(f"{app.url}/train?collection={tmp_path}&objective=simclr&steps=2000")
    page.get_by_text("No training yet").wait_for()
    assert page.get_by_text("· learning").count() == 0
    page.get_by_role("button", name="Start training").click()
    page.get_by_text("· learning").wait_for()
    page.get_by_text("Is the loss falling?").wait_for()
    page.get_by_test_id("stPlotlyChart").nth(1).wait_for()
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("· paused").wait_for()
    assert page.get_by_role("button", name="Pause").count() == 0
    page.get_by_role("button", name="Resume").click()
    page.get_by_text("· learning").wait_for()
    page.get_by_role("button", name="Cancel and forget").click()
    page.get_by_text("No training yet").wait_for()
