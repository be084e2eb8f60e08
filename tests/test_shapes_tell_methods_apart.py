"""`builtin:shapes` shows what a method pays attention to: colour histograms see colour, HOG sees shape."""

from __future__ import annotations

import numpy as np
import pytest

from imgsim.images.sources import open_source
from imgsim.methods import METHODS
from imgsim.neighbors import nearest

K = 5


@pytest.fixture(scope="module")
def shared_factors() -> dict[tuple[str, str], float]:
    """(method, factor) -> share of the 5 nearest that have the query's factor."""
    source = open_source("builtin:shapes")
    listing = source.listing()
    images = [source.read(place) for place in listing.locations]
    shares = {}
    for name in ("color_histogram", "hog"):
        method = METHODS.parse(name)
        indices = nearest(method.embed(images), method.metric, K)[0]
        for factor in ("colour", "shape"):
            values = np.array(listing.fields[factor])
            shares[name, factor] = float((values[indices] == values[:, None]).mean())
    return shares


def test_the_colour_histogram_sees_colour(shared_factors: dict[tuple[str, str], float]) -> None:
    assert shared_factors["color_histogram", "colour"] >= 0.9
    assert shared_factors["color_histogram", "colour"] >= shared_factors["hog", "colour"] + 0.3


def test_hog_sees_shape(shared_factors: dict[tuple[str, str], float]) -> None:
    assert shared_factors["hog", "shape"] >= 0.8
    assert shared_factors["hog", "shape"] >= shared_factors["color_histogram", "shape"] + 0.3
