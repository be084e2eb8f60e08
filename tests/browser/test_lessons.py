"""One lesson in a real browser: predict, see, break, by keyboard and presented."""

from __future__ import annotations

import re
from typing import Any


def test_a_lesson_by_mouse_and_keyboard(page: Any, app_url: str) -> None:
    page.goto(f"{app_url}/lessons?lesson=pixels_fail")
    page.get_by_text("How many of the moved pictures").wait_for()
    see = page.get_by_role("button", name="Next: See")
    assert see.is_disabled()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)
    assert "step=answer" not in page.url, "no answer before a prediction"
    page.get_by_text("About half").click()
    page.get_by_text("Noted.").wait_for()
    page.get_by_role("heading", name="1. Pixels fail").click()  # the keys belong to the page, not to the choice
    page.keyboard.press("PageDown")
    page.wait_for_url(re.compile("step=answer"))
    page.get_by_text(re.compile(r"Of 22 moved pictures, \d+ find their original")).wait_for()
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    page.keyboard.press("p")
    page.wait_for_selector("html.imgsim-presenting", state="attached")
    assert not page.locator("[data-testid=stSidebar]").is_visible()
    outline = "getComputedStyle(document.querySelector('[data-testid=stMain]')).outlineStyle"
    assert page.evaluate(outline) == "none", "no frame around the page that keys were pressed on"
    smallest = """() => Math.min(...[...document.querySelectorAll('.js-plotly-plot .main-svg text')]
        .filter((one) => one.textContent).map((one) => parseFloat(getComputedStyle(one).fontSize)))"""
    page.wait_for_function(f"({smallest})() > 15.5")  # charts are drawn in large type, too
    page.keyboard.press("p")
    page.locator("[data-testid=stSidebar]").wait_for()
    page.wait_for_function(f"({smallest})() < 15.5")
    page.set_viewport_size({"width": 800, "height": 900})
    page.wait_for_function("""() => {
        const buttons = [...document.querySelectorAll('.st-key-turns button')];
        const tops = buttons.map((one) => one.getBoundingClientRect().top);
        return tops.length > 5 && Math.max(...tops) - Math.min(...tops) < 20;
    }""")
    page.set_viewport_size({"width": 1400, "height": 900})
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("step=break"))
    slider = page.get_by_role("slider", name="Shift")
    slider.wait_for()
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("shift%3D21|shift=21"))
    assert "step=break" in page.url, "an arrow moves the slider, not the lesson"
