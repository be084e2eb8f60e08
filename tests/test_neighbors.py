"""Neighbours against brute force in float64, with the ties that real collections have."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from imgsim import neighbors
from imgsim.errors import CancelledError, InputError, UnknownIdError
from imgsim.neighbors import METRICS, bounds, exact

ALL = sorted(METRICS)
HISTOGRAMS = ("hellinger", "intersection", "chi_square")


def oracle(a: np.ndarray, b: np.ndarray, metric: str) -> np.ndarray:
    """The textbook formulas in float64, by scipy where scipy has them."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    if metric in ("cosine", "euclidean"):
        return cdist(a, b, metric)
    if metric == "manhattan":
        return cdist(a, b, "cityblock")
    if metric == "hamming":
        return cdist(a, b, "hamming") * a.shape[1]
    if metric == "hellinger":
        return np.sqrt(np.maximum(0, 1 - np.sqrt(a) @ np.sqrt(b).T))
    if metric == "intersection":
        return 1 - np.minimum(a[:, None], b[None]).sum(-1)
    total = a[:, None] + b[None]
    return 0.5 * np.divide((a[:, None] - b[None]) ** 2, total, out=np.zeros_like(total), where=total > 0).sum(-1)


def sample(metric: str, n: int = 60, dim: int = 16, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    if metric == "hamming":
        return (random.random((n, dim)) < 0.5).astype(np.float32)
    vectors = random.normal(size=(n, dim))
    if metric in HISTOGRAMS:
        vectors = np.maximum(vectors, 0) + 1e-3 * (np.arange(dim) == 0)
        vectors /= vectors.sum(1, keepdims=True)
    return vectors.astype(np.float32)


def assert_graph(indices: np.ndarray, distances: np.ndarray, n: int, k: int) -> None:
    assert indices.shape == distances.shape == (n, k)
    assert indices.dtype == np.int32
    assert distances.dtype == np.float32
    assert not (indices == np.arange(n)[:, None]).any(), "self is excluded"
    steps = np.diff(distances, axis=1)
    assert (steps >= 0).all(), "ascending"
    assert (np.diff(indices, axis=1)[steps == 0] > 0).all(), "ties by row"


def tied_order(matrix: np.ndarray, k: int) -> np.ndarray:
    """Brute force: sort each row by (distance, row) without the diagonal."""
    matrix = matrix.copy()
    np.fill_diagonal(matrix, np.inf)
    return np.argsort(matrix, axis=1, kind="stable")[:, :k]


@pytest.mark.parametrize("metric", ALL)
def test_distances_are_the_textbook_ones(metric):
    vectors = sample(metric)
    indices, distances = neighbors.nearest(vectors, metric, 59)
    assert_graph(indices, distances, 60, 59)
    expected = oracle(vectors, vectors, metric)
    assert distances == pytest.approx(np.take_along_axis(expected, indices.astype(int), 1), abs=2e-4, rel=1e-5)
    assert (np.sort(indices, axis=1) == [np.delete(np.arange(60), row) for row in range(60)]).all()


@pytest.mark.parametrize("metric", ALL)
def test_a_short_list_is_the_head_of_the_long_one(metric):
    vectors = sample(metric)
    long, _ = neighbors.nearest(vectors, metric, 59)
    short, _ = neighbors.nearest(vectors, metric, 7)
    assert (short == long[:, :7]).all()


@pytest.mark.parametrize("metric", ALL)
def test_equal_vectors_tie_by_row_however_many(metric):
    vectors = np.repeat(sample(metric, n=4, seed=3), 100, axis=0)
    vectors = np.ascontiguousarray(vectors[np.random.default_rng(0).permutation(400)])
    indices, distances = neighbors.nearest(vectors, metric, 20)
    assert_graph(indices, distances, 400, 20)
    assert (distances == 0).all()
    copies = (vectors[:, None] == vectors[None]).all(-1).astype(float)
    assert (indices == tied_order(1 - copies, 20)).all()


@pytest.mark.parametrize("metric", ALL)
def test_all_equal(metric):
    vectors = np.repeat(sample(metric, n=1), 300, axis=0)
    indices, distances = neighbors.nearest(vectors, metric, 3)
    assert (distances == 0).all()
    assert indices[0].tolist() == [1, 2, 3]
    assert indices[2].tolist() == [0, 1, 3]
    assert indices[299].tolist() == [0, 1, 2]


def test_hamming_ties_on_digits_agree_with_brute_force():
    from sklearn.datasets import load_digits

    bits = (load_digits().data[:700] > 7).astype(np.float32)
    indices, distances = neighbors.nearest(bits, "hamming", 15)
    counts = cdist(bits, bits, "hamming") * 64
    expected = tied_order(np.round(counts), 15)
    assert (indices == expected).all()
    assert (distances == np.round(np.take_along_axis(counts, expected, 1))).all()


def test_points_on_a_grid_tie_exactly():
    side = np.arange(12, dtype=np.float32)
    grid = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2) + np.float32(1000)
    for metric, scipy_name in (("euclidean", "euclidean"), ("manhattan", "cityblock")):
        indices, _ = neighbors.nearest(grid, metric, 9)
        assert (indices == tied_order(cdist(grid, grid, scipy_name), 9)).all()


def test_a_far_offset_does_not_blur_the_order():
    line = np.array([[0], [1], [3], [7], [15]], np.float32) + np.float32(1e6)
    indices, distances = neighbors.nearest(line, "euclidean", 2)
    assert indices.tolist() == [[1, 2], [0, 2], [1, 0], [2, 1], [3, 2]]
    assert distances.tolist() == [[1, 3], [1, 2], [2, 3], [4, 6], [8, 12]]


@pytest.mark.parametrize("metric", ALL)
def test_blocks_and_crowds_change_nothing(metric, monkeypatch):
    vectors = sample(metric, n=90)
    expected = neighbors.nearest(vectors, metric, 5)
    monkeypatch.setattr(exact, "BLOCK_ROWS", 7)
    monkeypatch.setattr(exact, "CROWD", -5)
    monkeypatch.setattr(bounds, "TILE", 160)
    found = neighbors.nearest(vectors, metric, 5)
    assert (found[0] == expected[0]).all()
    assert (found[1] == expected[1]).all()


@pytest.mark.parametrize("metric", ["manhattan", "intersection", "chi_square"])
def test_the_compiled_sums_of_a_large_search_find_the_same(metric, monkeypatch):
    vectors = np.repeat(sample(metric, n=45), 2, axis=0)
    expected = neighbors.nearest(vectors, metric, 9)
    monkeypatch.setattr(bounds, "COMPILE_FROM", 0)
    calls = []
    compiled = bounds._compiled
    monkeypatch.setattr(bounds, "_compiled", lambda scalar: calls.append(scalar) or compiled(scalar))
    found = neighbors.nearest(vectors, metric, 9)
    assert len(calls) == 1
    assert (found[0] == expected[0]).all()
    assert (found[1] == expected[1]).all()


@pytest.mark.parametrize("metric", ALL)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_vectors(metric, n):
    indices, distances = neighbors.nearest(sample(metric, n=n), metric, 15)
    assert_graph(indices, distances, n, n - 1)


@pytest.mark.parametrize("metric", ALL)
def test_search_finds_the_query_itself_first(metric):
    vectors = sample(metric, n=50)
    queries = vectors[[7, 31]]
    indices, distances = neighbors.search(vectors, queries, metric, 50)
    assert indices[:, 0].tolist() == [7, 31]
    assert (distances[:, 0] == 0).all()
    assert (indices == np.argsort(np.round(oracle(queries, vectors, metric), 6), axis=1, kind="stable")).mean() > 0.9
    graph, _ = neighbors.nearest(vectors, metric, 49)
    assert (indices[0, 1:] == graph[7]).all()


def test_progress_covers_all_rows_and_stops_by_raising(monkeypatch):
    monkeypatch.setattr(exact, "BLOCK_ROWS", 10)
    seen = []
    neighbors.nearest(sample("cosine"), "cosine", 3, progress=lambda *call: seen.append(call))
    assert seen[0] == ("neighbors", 0, 60)
    assert seen[-1] == ("neighbors", 60, 60)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)

    def stop(_stage, done, _total):
        seen.append(done)
        if done >= 20:
            raise CancelledError("stopped")

    seen.clear()
    with pytest.raises(CancelledError):
        neighbors.nearest(sample("cosine"), "cosine", 3, progress=stop)
    assert seen == [0, 10, 20]


def test_distances_worked_out_by_hand():
    a, b = np.array([3, 0], np.float32), np.array([0, 4], np.float32)
    assert neighbors.distance(a, b, "euclidean") == 5
    assert neighbors.distance(a, b, "manhattan") == 7
    assert neighbors.distance(a, b, "cosine") == pytest.approx(1)
    assert neighbors.distance(a, -a, "cosine") == 2
    assert neighbors.distance(a, a * 2, "cosine") == 0
    p, q = np.array([0.5, 0.5, 0], np.float32), np.array([0.5, 0, 0.5], np.float32)
    assert neighbors.distance(p, q, "intersection") == pytest.approx(0.5)
    assert neighbors.distance(p, q, "chi_square") == pytest.approx(0.5)
    assert neighbors.distance(p, q, "hellinger") == pytest.approx(np.sqrt(0.5))
    assert neighbors.distance(np.array([1, 0, 1], np.float32), np.array([0, 0, 1], np.float32), "hamming") == 1


def test_zero_vectors_have_no_direction():
    vectors = np.array([[0, 0], [1, 0], [0, 0], [0, 2]], np.float32)
    indices, distances = neighbors.nearest(vectors, "cosine", 3)
    assert indices[0].tolist() == [2, 1, 3]
    assert distances[0].tolist() == [0, 1, 1]
    assert distances[1] == pytest.approx([1, 1, 1])
    gaps = cdist(*[neighbors.euclidean_view(vectors, "cosine")] * 2)
    assert gaps[0] == pytest.approx([0, np.sqrt(2), 0, np.sqrt(2)])


@pytest.mark.parametrize(
    ("metric", "expected"),
    [("cosine", [1, -1]), ("euclidean", [1, 1 / 3]), ("hamming", [1, 0.75]), ("hellinger", [1, -3])],
)
def test_similarity_falls_from_one(metric, expected):
    assert neighbors.similarity(np.array([0, 2]), metric, 8).tolist() == pytest.approx(expected)


@pytest.mark.parametrize("metric", ALL)
def test_similarity_orders_against_distance(metric):
    distances = np.linspace(0, 1, 9)
    assert (np.diff(neighbors.similarity(distances, metric, 16)) < 0).all()
    assert neighbors.similarity(0.0, metric, 16) == 1


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "hamming", "hellinger"])
def test_the_euclidean_view_orders_like_the_metric(metric):
    vectors = sample(metric, n=40)
    view = neighbors.euclidean_view(vectors, metric).astype(np.float64)
    assert METRICS[metric].near == ""
    expected = np.round(oracle(vectors, vectors, metric), 5)
    gaps = cdist(view, view)
    for row in range(40):
        ascending = expected[row][np.argsort(gaps[row])]
        assert (np.diff(ascending) >= -1e-5).all()


@pytest.mark.parametrize("metric", ["intersection", "chi_square"])
def test_the_view_of_histograms_comes_near(metric):
    from scipy.stats import spearmanr

    vectors = sample(metric, n=40)
    view = neighbors.euclidean_view(vectors, metric)
    upper = np.triu_indices(40, 1)
    assert METRICS[metric].near
    assert spearmanr(cdist(view, view)[upper], oracle(vectors, vectors, metric)[upper]).statistic > 0.9


def test_background_holds_every_pair_when_these_are_few():
    vectors = sample("cosine", n=30)
    found = neighbors.background(vectors, "cosine")
    expected = np.sort(oracle(vectors, vectors, "cosine")[np.triu_indices(30, 1)])
    assert found.dtype == np.float32
    assert found == pytest.approx(expected, abs=1e-6)


def test_background_is_seeded_and_never_pairs_an_image_with_itself():
    vectors = np.arange(200, dtype=np.float32)[:, None]
    found = neighbors.background(vectors, "euclidean", n_pairs=5000, seed=1)
    assert len(found) == 5000
    assert found[0] >= 1
    assert found.mean() == pytest.approx(201 / 3, rel=0.05)  # mean gap of two of 200 numbers
    assert (found == neighbors.background(vectors, "euclidean", n_pairs=5000, seed=1)).all()
    assert (found != neighbors.background(vectors, "euclidean", n_pairs=5000, seed=2)).any()


def test_percentile_is_the_share_of_farther_pairs():
    pairs = np.array([1, 2, 2, 4], np.float32)
    assert neighbors.percentile(np.array([0, 1, 2, 3, 9]), pairs).tolist() == [100, 87.5, 50, 25, 0]
    assert neighbors.percentile(2.0, pairs) == 50
    assert np.isnan(neighbors.percentile(1.0, neighbors.background(pairs[:1, None], "euclidean")))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: neighbors.nearest(sample("cosine"), "cosine", 0), "k must be at least 1, got 0"),
        (lambda: neighbors.nearest(sample("cosine")[0], "cosine", 3), r"must be an \(N, D\) array"),
        (lambda: neighbors.nearest(sample("cosine"), "hamming", 3), "must be 0 or 1"),
        (lambda: neighbors.nearest(sample("cosine"), "hellinger", 3), "values of at least 0"),
        (lambda: neighbors.search(sample("cosine"), sample("cosine", dim=3), "cosine", 3), "got 3"),
        (lambda: neighbors.distance(np.ones(2), np.ones(3), "cosine"), "one shape"),
    ],
)
def test_errors_say_what_was_got(call, words):
    with pytest.raises(InputError, match=words):
        call()


def test_an_unknown_metric_names_the_nearest():
    with pytest.raises(UnknownIdError, match="cosine"):
        neighbors.nearest(sample("cosine"), "cosinus", 3)
