"""The manipulation page in a real browser: the example, a suspect of one's own with its original, a broken file."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from imgsim.ui.manipulation import example


def upload(page: Any, place: str, name: str, data: bytes) -> None:
    page.locator(f".st-key-{place} input[type=file]").set_input_files(
        {"name": name, "mimeType": "image/png", "buffer": data}
    )


def test_the_example_a_suspect_with_its_original_and_a_broken_file(page: Any, app_url: str) -> None:
    page.goto(f"{app_url}/manipulation")
    page.get_by_role("radio", name="The example alone").click()
    page.get_by_text("occurs twice in the picture").wait_for()
    page.get_by_text("in 2 regions").wait_for()
    page.get_by_role("img", name="The suspect picture with what was found in red").wait_for()
    page.get_by_role("radio", name="The example and its original").click()
    page.get_by_text("differs from the original").wait_for()
    page.get_by_text("in 1 region").wait_for()

    changed, original = example()
    picture = Image.open(io.BytesIO(changed))
    buffer = io.BytesIO()
    picture.resize((picture.width // 2, picture.height // 2)).save(buffer, "PNG")
    upload(page, "man_suspect", "<b>small</b>.png", buffer.getvalue())
    page.get_by_text("Or try it").wait_for(state="detached")
    upload(page, "man_original", "original.png", original)
    page.get_by_text("differs from the original").wait_for()
    assert page.locator("[data-testid=stFileUploader] b").count() == 0  # a name is no markup

    upload(page, "man_suspect", "broken.png", b"no picture")
    page.locator("[data-testid=stAlertContentError]").wait_for()
