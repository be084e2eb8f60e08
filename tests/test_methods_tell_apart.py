"""`builtin:shapes` tells methods apart: each keeps the factor that it looks at and loses the other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from imgsim.images import open_reader, scan, stream
from imgsim.methods import METHODS

K = 5


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    return scan("builtin:shapes", tmp_path_factory.mktemp("shapes"))


@pytest.fixture(scope="module")
def shared_factor(shapes):
    """How often the k nearest of an image have its shape, and its colour, 0 to 1, by method id."""

    def shares(id: str) -> dict[str, float]:
        method = METHODS.create(id)
        prepared = stream(open_reader(shapes), range(len(shapes)), method.prepare, min_side=method.min_side)
        nearest = _nearest(method.embed_batch([array for _, array in prepared]), method.metric)
        return {
            name: float((shapes.field(name)[nearest] == shapes.field(name)[:, None]).mean())
            for name in ("shape", "colour")
        }

    return {id: shares(id) for id in ("color_histogram", "hog")}


def _nearest(vectors: np.ndarray, metric: str) -> np.ndarray:
    """(N, K) rows by plain distances; the self is left out."""
    distances = cdist(vectors, vectors, {"intersection": "cityblock"}.get(metric, metric))
    np.fill_diagonal(distances, np.inf)
    return np.argsort(distances, axis=1, kind="stable")[:, :K]


def test_there_is_something_to_tell_apart(shapes):
    assert len(shapes) >= 1000
    for name in ("shape", "colour"):
        assert len(np.unique(shapes.field(name))) >= 5


def test_neighbours_by_colour_histogram_share_the_colour(shared_factor):
    assert shared_factor["color_histogram"]["colour"] >= 0.90


def test_neighbours_by_hog_share_the_shape(shared_factor):
    assert shared_factor["hog"]["shape"] >= 0.80


@pytest.mark.parametrize(
    ("factor", "sees", "blind"), [("colour", "color_histogram", "hog"), ("shape", "hog", "color_histogram")]
)
def test_each_is_30_points_above_the_other_on_its_own_factor(shared_factor, factor, sees, blind):
    assert shared_factor[sees][factor] >= shared_factor[blind][factor] + 0.30
