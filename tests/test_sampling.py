"""Which points of a map are drawn when there are too many: counted by hand, and against numpy's histogram."""

from __future__ import annotations

import numpy as np
import pytest

from imgsim.ui.sampling import Box, bounds, density, draw_order, rows_inside, sample


def everything(xy: np.ndarray) -> np.ndarray:
    return np.arange(len(xy))


def test_two_crowds_give_in_proportion_to_the_square_roots_of_their_counts() -> None:
    xy = np.array([[0, 0]] * 10_000 + [[1, 1]] * 100, np.float32)
    drawn = sample(draw_order(xy), everything(xy), 110)
    assert ((drawn < 10_000).sum(), (drawn >= 10_000).sum()) == (100, 10)


@pytest.fixture(scope="module")
def crowd() -> np.ndarray:
    """A crowd of 50,000, a rare cluster of 30 far from it, and one stray point very far from both."""
    random = np.random.default_rng(3)
    many, rare = random.normal(0, 1, (50_000, 2)), random.normal((9, 9), 0.1, (30, 2))
    return np.vstack([many, rare, [[1e5, -1e5]]]).astype(np.float32)


def test_a_rare_cluster_and_a_stray_point_are_drawn_and_a_uniform_sample_would_lose_them(crowd: np.ndarray) -> None:
    drawn = sample(draw_order(crowd), everything(crowd), 4_000)
    assert len(drawn) == 4_000
    assert ((drawn >= 50_000) & (drawn < 50_030)).sum() >= 6  # of 4,000 in 50,031 drawn evenly: 2.4 on average
    assert 50_030 in drawn


def test_what_is_drawn_stays_drawn_when_one_zooms_in(crowd: np.ndarray) -> None:
    order = draw_order(crowd)
    whole = sample(order, everything(crowd), 2_000)
    inside = rows_inside(crowd, Box(-0.5, 0.5, -0.5, 0.5))
    part = sample(order, inside, 2_000)
    assert len(part) == 2_000
    assert np.isin(whole[np.isin(whole, inside)], part).all()
    assert np.isin(part, inside).all()


def test_a_sample_is_ascending_and_always_the_same_and_few_are_all_drawn(crowd: np.ndarray) -> None:
    drawn = sample(draw_order(crowd), everything(crowd), 500)
    assert (np.diff(drawn) > 0).all()
    assert (drawn == sample(draw_order(crowd), everything(crowd), 500)).all()
    few = rows_inside(crowd, Box(8, 10, 8, 10))
    assert sample(draw_order(crowd), few, 500).tolist() == few.tolist() == list(range(50_000, 50_030))


def test_the_order_has_every_place_once_also_in_three_dimensions_and_of_no_points() -> None:
    xyz = np.random.default_rng(0).normal(size=(1000, 3)).astype(np.float32)
    assert np.sort(draw_order(xyz)).tolist() == list(range(1000))
    assert len(draw_order(np.zeros((0, 2), np.float32))) == 0
    assert draw_order(np.zeros((1, 2), np.float32)).tolist() == [0]


def test_density_is_the_histogram_on_a_log_scale_with_y_upwards() -> None:
    xy = np.random.default_rng(1).uniform(0, 4, (5000, 2)).astype(np.float32)
    box = Box(1, 3, 0, 4)
    shade = density(xy, rows_inside(xy, box), box, side=8)
    counts = np.histogram2d(xy[:, 1], xy[:, 0], bins=8, range=[(0, 4), (1, 3)])[0]
    expected = np.round(255 * np.log1p(counts) / np.log1p(counts.max()))
    assert np.abs(shade.reshape(8, 8) - expected).max() <= 3  # a point on the edge of two cells
    assert density(xy, np.zeros(0, np.int64), box, side=8).tolist() == [0] * 64


def test_the_bounds_of_no_point_and_of_equal_points_have_a_size() -> None:
    assert bounds(np.zeros((0, 2), np.float32)) == Box(0, 1, 0, 1)
    assert bounds(np.full((5, 2), 3, np.float32)) == Box(3, 4, 3, 4)


def test_a_sample_keeps_the_rare_cluster_that_a_uniform_one_would_lose() -> None:
    rng = np.random.default_rng(0)
    crowd = rng.normal(size=(50_000, 2))
    lonely = np.array([[30.0, 30.0], [30.0, -30.0]])
    xy = np.vstack([crowd, lonely]).astype(np.float32)
    rows = sample(draw_order(xy), np.arange(len(xy)), 500)
    assert len(rows) == 500
    assert {50_000, 50_001} <= set(rows.tolist())
    assert (np.diff(rows) > 0).all()
    assert rows.tolist() == sample(draw_order(xy), np.arange(len(xy)), 500).tolist()


def test_density_counts_where_the_points_are() -> None:
    xy = np.array([[0, 0], [0, 0], [0, 0], [1, 1]], np.float32)
    span = bounds(xy)
    grid = density(xy, np.arange(4), span, side=2)
    assert grid.tolist() == [255, 0, 0, round(255 * np.log(2) / np.log(4))]
    assert (span.x0, span.x1, span.y0, span.y1) == (0, 1, 0, 1)
