"""Projectors: one contract for all, and what each must get right."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from imgsim import neighbors
from imgsim.errors import CancelledError, InputError
from imgsim.parameters import parameters
from imgsim.projections import PROJECTORS, graph_of
from imgsim.projections._fuzzy import fuzzy_graph
from imgsim.projections._principal import principal_components
from imgsim.types import Neighbors

ALL = [cls.id for cls in PROJECTORS]
LAYOUTS = [id for id in ALL if PROJECTORS.create(id).k]


def graph(vectors: np.ndarray, k: int) -> Neighbors:
    indices, distances = neighbors.nearest(vectors, "euclidean", max(1, k))
    return Neighbors("test", indices, distances, "euclidean")


def draw(projector, vectors: np.ndarray, **options) -> np.ndarray:
    return projector.fit(vectors, graph(vectors, projector.k), **options)


@cache
def blobs(n: int = 150) -> np.ndarray:
    """Three groups of 10 dimensions, 30 apart, of deviation 1."""
    random = np.random.default_rng(0)
    return (random.normal(size=(n, 10)) + 30 * np.eye(10)[np.arange(n) % 3]).astype(np.float32)


def test_the_registry_has_the_three():
    assert {"pca", "umap", "tsne"} <= set(ALL)


@pytest.mark.parametrize("id", ALL)
@pytest.mark.parametrize("n_components", [2, 3])
@pytest.mark.parametrize("n", [1, 2, 3, 5, 20])
def test_any_number_of_images(id, n, n_components):
    vectors = np.random.default_rng(n).normal(size=(n, 6)).astype(np.float32)
    xy = draw(PROJECTORS.create(id), vectors, n_components=n_components)
    assert xy.shape == (n, n_components)
    assert xy.dtype == np.float32
    assert np.isfinite(xy).all()
    assert xy.flags.c_contiguous
    assert len(np.unique(xy, axis=0)) == n, "different images get different places"


@pytest.mark.parametrize("id", ALL)
def test_equal_images(id):
    vectors = np.ones((12, 5), np.float32)
    assert np.isfinite(draw(PROJECTORS.create(id), vectors)).all()


@pytest.mark.parametrize("id", ALL)
def test_fewer_dimensions_than_the_map(id):
    vectors = np.arange(12, dtype=np.float32)[:, None]
    xy = draw(PROJECTORS.create(id), vectors, n_components=3)
    assert xy.shape == (12, 3)
    assert np.isfinite(xy).all()


@pytest.mark.parametrize("id", ALL)
@pytest.mark.parametrize("n_components", [2, 3])
def test_separate_groups_stay_separate(id, n_components):
    vectors = blobs()
    xy = draw(PROJECTORS.create(id), vectors, n_components=n_components, seed=0)
    nearest, _ = neighbors.nearest(xy, "euclidean", 10)
    assert (nearest % 3 == np.arange(len(xy))[:, None] % 3).all()


@pytest.mark.parametrize("id", LAYOUTS)
def test_layouts_beat_chance_on_digits_by_far(id):
    from sklearn.datasets import load_digits

    vectors = load_digits().data[:300].astype(np.float32)
    xy = draw(PROJECTORS.create(id), vectors)
    assert trustworthiness(vectors, xy, n_neighbors=10) > 0.93
    assert trustworthiness(vectors, xy, n_neighbors=10) > trustworthiness(vectors, draw_pca(vectors), n_neighbors=10)


def draw_pca(vectors: np.ndarray) -> np.ndarray:
    return PROJECTORS.create("pca").fit(vectors, None)


@pytest.mark.parametrize("id", ALL)
def test_a_seed_gives_one_map(id):
    vectors = blobs(60)
    first, again = (draw(PROJECTORS.create(id), vectors, seed=3) for _ in range(2))
    assert (first == again).all()


@pytest.mark.parametrize("id", LAYOUTS)
def test_another_seed_gives_another_map(id):
    vectors = blobs(60)
    assert (draw(PROJECTORS.create(id), vectors, seed=3) != draw(PROJECTORS.create(id), vectors, seed=4)).any()


@pytest.mark.parametrize("id", LAYOUTS)
def test_inputs_are_left_as_they_were(id):
    vectors = blobs(60).copy()
    shared = graph(vectors, 90)
    before = shared.indices.copy(), shared.distances.copy(), vectors.copy()
    PROJECTORS.create(id).fit(vectors, shared)
    assert (shared.indices == before[0]).all()
    assert (shared.distances == before[1]).all()
    assert (vectors == before[2]).all()


@pytest.mark.parametrize("id", ALL)
def test_progress_rises_to_its_total(id):
    seen = []
    draw(PROJECTORS.create(id), blobs(60), progress=lambda *call: seen.append(call))
    done = [done for _, done, _ in seen]
    assert {stage for stage, _, _ in seen} == {id}
    assert done == sorted(done)
    assert seen[-1][1] == seen[-1][2]


@pytest.mark.parametrize("id", LAYOUTS)
def test_progress_can_stop_the_layout_midway(id):
    seen = []

    def stop(_stage, done, total):
        seen.append(done / total)
        if 0 < done < total:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        draw(PROJECTORS.create(id), blobs(), progress=stop)
    assert 0 < seen[-1] < 0.9


@pytest.mark.parametrize("id", ALL)
def test_parameters_at_their_bounds(id):
    cls = PROJECTORS[id]
    for parameter in parameters(cls):
        for bound in (parameter.minimum, parameter.maximum):
            xy = draw(PROJECTORS.create(id, **{parameter.name: bound}), blobs(40))
            assert np.isfinite(xy).all()
            assert len(np.unique(xy, axis=0)) == 40


@pytest.mark.parametrize("id", ALL)
def test_facts_for_people(id):
    cls = PROJECTORS[id]
    for text in (cls.title, cls.keeps, cls.loses, cls.reference, *(p.help for p in parameters(cls))):
        assert text.strip()


@pytest.mark.parametrize("id", LAYOUTS)
def test_a_missing_graph_is_said(id):
    with pytest.raises(InputError, match=r"neighbors must be a graph of \(60, \d+\)"):
        PROJECTORS.create(id).fit(blobs(60), None)


def test_a_short_graph_is_said():
    with pytest.raises(InputError, match=r"got \(60, 3\)"):
        graph_of(graph(blobs(60), 3), 5, 60)


@pytest.mark.parametrize("shape", [(80, 12), (12, 80), (5, 3)])
def test_pca_agrees_with_scikit_learn(shape):
    vectors = (np.random.default_rng(1).normal(size=shape) * np.linspace(1, 4, shape[1])).astype(np.float32)
    found = principal_components(vectors, 2)
    expected = PCA(2, svd_solver="full").fit_transform(vectors.astype(np.float64))
    assert np.abs(found) == pytest.approx(np.abs(expected), abs=1e-4)
    farthest = np.abs(found).argmax(axis=0)
    assert (found[farthest, [0, 1]] > 0).all()


def test_pca_of_a_large_problem_uses_the_randomised_solver_and_agrees(monkeypatch):
    from imgsim.projections import _principal

    vectors = blobs(90)
    expected = principal_components(vectors, 2)
    monkeypatch.setattr(_principal, "EXACT_SIDE", 4)
    assert principal_components(vectors, 2) == pytest.approx(expected, abs=1e-3)


def test_pca_by_hand():
    vectors = np.array([[0, 0], [2, 0], [4, 0], [2, 1], [2, -1]], np.float32)
    xy = principal_components(vectors, 3)
    assert np.abs(xy[:, 0]) == pytest.approx([2, 0, 2, 0, 0], abs=1e-6)
    assert np.abs(xy[:, 1]) == pytest.approx([0, 0, 0, 1, 1], abs=1e-6)
    assert (xy[:, 2] == 0).all()


def test_the_fuzzy_graph_is_umap_learns():
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from umap.umap_ import compute_membership_strengths, smooth_knn_dist
    vectors = np.random.default_rng(5).normal(size=(80, 4)).astype(np.float32)
    vectors[10:14] = vectors[10]  # copies
    shared = graph(vectors, 7)
    own = np.arange(80, dtype=np.int32)[:, None]
    indices = np.hstack([own, shared.indices])
    distances = np.hstack([np.zeros((80, 1), np.float32), shared.distances])
    sigmas, rhos = smooth_knn_dist.py_func(distances, 8.0, local_connectivity=1.0)
    rows, columns, strengths, _ = compute_membership_strengths.py_func(indices, distances, sigmas, rhos, False)
    directed = np.zeros((80, 80))
    directed[rows, columns] = strengths
    union = directed + directed.T - directed * directed.T
    assert fuzzy_graph(shared.indices, shared.distances).toarray() == pytest.approx(union, abs=1e-4)
