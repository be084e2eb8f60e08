"""Robustness in a real browser: the slider moves the picture's point over the maps, and takes its rank with it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from imgsim.pipeline import MapRequest, Pipeline
from imgsim.workspace import Workspace
from tests.browser.conftest import App

READY = "() => document.querySelectorAll('.imgsim-map[data-ready] .imgsim-over').length >= 2"
GUESTS = "() => document.querySelector('.imgsim-map').dataset.guests"
MOVED = "(before) => document.querySelector('.imgsim-map').dataset.guests !== before"
INK = """(panel) => { const canvas = document.querySelectorAll('.imgsim-over')[panel];
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return data.reduce((sum, value) => sum + (value > 0), 0); }"""

MORE_INK = f"([panel, before]) => ({INK})(panel) > before"


def test_the_slider_moves_the_point(page: Any, app: App, tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    for number in range(40):
        small = Image.fromarray(random.integers(0, 255, (4, 5, 3)).astype(np.uint8))
        small.resize((96, 72), Image.Resampling.BICUBIC).save(tmp_path / f"{number:02}.png")
    pipeline = Pipeline(Workspace(app.home))  # made beforehand: the maps are not what is tested
    result = [pipeline.make_map(MapRequest(str(tmp_path), method, "pca")) for method in ("pixels", "color_histogram")]
    page.goto(f"{app.url}/robustness?collection={tmp_path}&methods=pixels;color_histogram&by=pca&kind=hue&strength=0")
    page.wait_for_function(READY)
    page.get_by_text("own original is at rank 1,").first.wait_for()
    still = page.evaluate(GUESTS)
    np.testing.assert_allclose(json.loads(still)[0], result[0].projection.xy[0], rtol=1e-3)  # on its original
    ink = page.evaluate(INK, 1)
    handle = page.get_by_role("slider")
    for _ in range(3):  # faster than the page answers
        handle.press("ArrowRight")
    handle.press("End")
    page.get_by_text("Hue 180").wait_for()
    page.wait_for_function(MOVED, arg=still)
    page.wait_for_function(MORE_INK, arg=[1, ink])  # the way it has come is drawn
    moved = np.array(json.loads(page.evaluate(GUESTS)))
    assert (np.linalg.norm(moved - np.array(json.loads(still)), axis=1) > 0).all()
    page.get_by_text(re.compile(r"is at rank ([2-9]|\d\d)")).first.wait_for()
    assert "strength=180" in page.url
