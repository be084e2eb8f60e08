"""Detectors on numbers: by hand, and against scikit-learn, SciPy and brute force."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from imgsim.anomalies import DETECTORS
from imgsim.anomalies.coreset import greedy, projected
from imgsim.anomalies.heat import full, overlay
from imgsim.anomalies.padim import EPSILON, Padim, gaussians
from imgsim.anomalies.patchcore import Memory, PatchCore
from imgsim.anomalies.patches import combined
from imgsim.types import Metric

random = np.random.default_rng(0)


def test_there_are_three_and_each_says_what_it_is() -> None:
    assert {kind.id for kind in DETECTORS} == {"knn", "padim", "patchcore"}
    assert all(kind.sees.endswith(".") and kind.reference for kind in DETECTORS)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan"])
def test_knn_is_scikit_learns(metric: Metric) -> None:
    from sklearn.neighbors import NearestNeighbors

    normal, test = random.normal(size=(40, 6)), random.normal(size=(9, 6))
    away = NearestNeighbors(n_neighbors=4, metric=metric).fit(normal).kneighbors(test)[0].mean(axis=1)
    found = DETECTORS.parse(f"knn:k=4,metric={metric}").fit(normal, "hamming").score(test)
    assert found.scores == pytest.approx(away, abs=1e-5)
    assert found.maps is None


def test_mahalanobis_by_hand() -> None:
    # four pictures of one position: mean 0, variances 4/3 and 16/3, no covariance
    normal = np.array([[1, 2], [-1, 2], [1, -2], [-1, -2]], float)
    mean, inverse = gaussians(normal[None])
    assert mean[0] == pytest.approx([0, 0])
    assert inverse[0] == pytest.approx(np.diag([1 / (4 / 3 + EPSILON), 1 / (16 / 3 + EPSILON)]))
    fitted = Padim(dims=2).fit(normal.reshape(4, 1, 1, 2), "cosine")
    found = fitted.score(np.array([[3.0, 0.0]]).reshape(1, 1, 1, 2))
    assert found.scores[0] == pytest.approx(np.sqrt(9 / (4 / 3 + EPSILON)), rel=1e-5)


def test_padim_maps_are_scipys_position_by_position() -> None:
    from scipy.spatial.distance import mahalanobis

    normal, test = random.normal(size=(30, 2, 3, 5)), random.normal(size=(4, 2, 3, 5))
    found = Padim(dims=5).fit(normal, "cosine").score(test)
    assert found.maps is not None
    for picture, y, x in ((0, 0, 0), (3, 1, 2)):
        here = normal[:, y, x]
        inverse = np.linalg.inv(np.cov(here.T) + EPSILON * np.eye(5))
        wanted = mahalanobis(test[picture, y, x], here.mean(axis=0), inverse)
        assert found.maps[picture, y, x] == pytest.approx(wanted, rel=1e-3)
    assert (found.scores == found.maps.max(axis=(1, 2))).all()


def test_greedy_coreset_covers_at_most_twice_as_badly_as_the_best_of_all_choices() -> None:
    for seed in range(5):
        points = np.random.default_rng(seed).normal(size=(14, 2)).astype(np.float32)
        away = np.linalg.norm(points[:, None] - points[None], axis=2)
        best = min(away[:, list(chosen)].min(axis=1).max() for chosen in combinations(range(14), 4))
        rows = greedy(points, 4, seed=seed)
        assert len(set(rows.tolist())) == 4
        assert best <= away[:, rows].min(axis=1).max() <= 2 * best + 1e-5


def test_each_greedy_step_takes_the_farthest_point() -> None:
    points = np.array([[0], [1], [10], [4]], np.float32)
    order = greedy(points, 4, seed=3)
    for place in range(1, 4):
        left = [row for row in range(4) if row not in order[:place]]
        far = {row: min(abs(points[row, 0] - points[one, 0]) for one in order[:place]) for row in left}
        assert far[order[place]] == max(far.values())


def test_projection_nearly_keeps_distances() -> None:
    points = random.normal(size=(60, 288)).astype(np.float32)
    ratio = np.linalg.norm(np.diff(projected(points), axis=0), axis=1) / np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert 0.65 < ratio.min() < ratio.max() < 1.35  # 4 deviations of 1 / sqrt(2 * 64)
    assert projected(points[:, :8]).shape == (60, 8)


def test_patchcore_score_by_hand() -> None:
    memory = np.array([[0.0], [1.0], [5.0]], np.float32)
    features = np.array([[-2.0], [0.5], [5.0], [8.0]]).reshape(1, 1, 4, 1)
    for share, score in ((0.0, 3.0), (0.25, 3.0), (0.5, 2.5), (1.0, 5.5 / 4)):
        found = Memory(memory, share).score(features)
        assert found.maps is not None
        assert found.maps.ravel() == pytest.approx([2.0, 0.5, 0.0, 3.0])
        assert found.scores[0] == pytest.approx(score)


def test_patchcore_finds_the_patch_that_no_normal_picture_has() -> None:
    normal = random.normal(size=(12, 4, 4, 8))
    test = random.normal(size=(3, 4, 4, 8))
    test[1, 2, 3] += 20
    found = PatchCore(memory=60).fit(normal, "cosine").score(test)
    assert found.maps is not None
    assert found.scores.argmax() == 1
    assert np.unravel_index(found.maps[1].argmax(), (4, 4)) == (2, 3)


def test_features_are_averaged_over_3_x_3_places_and_brought_to_one_grid() -> None:
    fine, coarse = np.zeros((1, 4, 4, 1), np.float32), np.full((1, 2, 2, 2), 7, np.float32)
    fine[0, 1, 1] = 9
    found = combined([fine, coarse], "smooth")
    assert found.shape == (1, 4, 4, 3)
    assert found[0, 1, 1].tolist() == [1.0, 7.0, 7.0]
    assert found[0, 0, 0, 0] == pytest.approx(9 / 4)  # at the corner four places are averaged
    assert found[0, 3, 3, 0] == 0.0
    unit = combined([fine + 1, coarse], "unit")
    assert unit[0, 1, 1] == pytest.approx([1, 0.5**0.5, 0.5**0.5])  # of each layer, whatever its own scale


def test_heat_keeps_its_place_and_covers_only_what_is_hot() -> None:
    map = np.zeros((4, 4), np.float32)
    map[3, 0] = 8
    large = full(map, 40, 80)
    assert large.shape == (40, 80)
    y, x = np.unravel_index(large.argmax(), large.shape)
    assert y >= 30
    assert x < 20
    grey = np.full((40, 80, 3), 100, np.uint8)
    mixed = overlay(grey, large, (1.0, 5.0), 0.5)
    assert (mixed[:20, 40:] == 100).all()
    assert mixed[y, x].tolist() == [178, 120, 60]  # half of it is orange
