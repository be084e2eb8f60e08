"""Colours that are told apart with any colour vision, by simulation (Machado, Oliveira, Fernandes 2009)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from imgsim import plots
from imgsim.plots.robustness import COLORS
from imgsim.ui import morph

MAP_COLORS = Path(plots.__file__).parent / "map" / "colors.js"
VISIONS = {  # of severity 1, on linear RGB
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
APART = 9.0  # CIEDE2000; about 2.3 is just seen side by side


def linear(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def least_distance(colors: list[str], vision: str) -> float:
    """The least difference of two of the colours as somebody with that vision sees them."""
    rgb = np.array([[int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)] for color in colors])
    seen = np.clip(linear(rgb) @ np.asarray(VISIONS[vision]).T, 0, 1)
    lab = rgb2lab(np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)[None])[0]
    apart = deltaE_ciede2000(lab[:, None], lab[None])
    return float(apart[np.triu_indices(len(colors), 1)].min())


@pytest.mark.parametrize("vision", VISIONS)
def test_the_first_colours_are_told_apart(vision: str) -> None:
    assert least_distance(list(morph.PALETTE[:8]), vision) > APART
    assert least_distance(list(COLORS), vision) > APART


def test_red_and_green_of_one_lightness_would_not_pass() -> None:
    assert least_distance(["#b3474a", "#7f7a2a"], "deutan") < APART < least_distance(["#b3474a", "#7f7a2a"], "normal")


def test_a_morph_has_the_colours_of_the_map() -> None:
    told = MAP_COLORS.read_text().partition("const CATEGORIES = [")[2].partition("];")[0]
    assert tuple(re.findall(r"#[0-9a-f]{6}", told)) == morph.PALETTE
