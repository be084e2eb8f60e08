"""Anomalies in a real browser: the strange pictures come first, a click looks closer, the address keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.browser.conftest import App
from tests.test_anomalies import picture


def test_the_strange_picture_comes_first_and_a_click_looks_at_another(page: Any, app: App, tmp_path: Path) -> None:
    for number in range(22):
        picture(tmp_path / "good" / f"{number}.png", number)
    picture(tmp_path / "bad" / "x<b>.png", 200, spot=True)
    page.goto(f"{app.url}/anomalies?collection={tmp_path}&detector=knn:k=1&method=pixels")
    page.get_by_text("lie above the threshold").wait_for(timeout=240_000)
    shown = page.locator(".imgsim-gallery")
    assert "bad/x" in shown.first.locator("button").first.get_attribute("aria-label")
    assert page.get_by_text("bad/x<b>.png").count() >= 1
    other = page.locator('.imgsim-gallery button[aria-label^="good/"]').first
    name = other.get_attribute("aria-label").partition(":")[0]
    assert name.startswith("good/")
    other.click()
    page.wait_for_url("**image=good*")
    page.get_by_text("rank 2 of 23").wait_for()
    page.get_by_text("How well", exact=True).click()
    page.get_by_text("AUROC 1.000").wait_for()


def test_a_picture_of_ones_own_is_judged_with_its_heat_and_the_address_keeps_it(
    page: Any, app: App, tmp_path: Path
) -> None:
    for number in range(24):
        picture(tmp_path / "tiles" / "good" / f"{number}.png", number)
    picture(tmp_path / "new.png", 300, spot=True)
    page.goto(f"{app.url}/anomalies?collection={tmp_path / 'tiles'}&normal=-&detector=padim:dims=20")
    page.get_by_text("all were taken as such").first.wait_for(timeout=240_000)
    page.get_by_text("Your picture", exact=True).click()
    page.locator('[data-testid="stFileUploader"] input[type="file"]').set_input_files(str(tmp_path / "new.png"))
    page.get_by_text("Stranger than 100 % of 24 normal pictures").wait_for(timeout=240_000)
    assert page.locator(".imgsim-focus img").count() == 2
    assert "new=upload" in page.url
    page.get_by_role("button", name="Take it away").click()
    page.wait_for_url(lambda url: "new=" not in url)
    page.get_by_text("It stays on this computer").wait_for()
