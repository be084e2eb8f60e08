"""The graph by candidates is the exact one to the last bit, whatever rounds on the way to it."""

from __future__ import annotations

import numpy as np
import pytest

from imgsim import neighbors
from imgsim.errors import CancelledError
from imgsim.neighbors import METRICS, halves, leading, on_gpu
from tests.test_neighbors import assert_graph, sample, tied_order

PRODUCTS = sorted(metric for metric, row in METRICS.items() if row.finish is not None)


@pytest.fixture(params=[True, False], ids=["half", "single"])
def taken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Have even small graphs made from candidates, in uneven blocks; gives the shares that were crowded."""
    shares: list[float] = []
    gather = halves.Candidates.gather

    def watched(self: halves.Candidates, *given: object) -> None:
        gather(self, *given)  # type: ignore[arg-type]
        shares.append(float(self.crowded.mean()))

    monkeypatch.setattr(halves, "FROM", 0)
    monkeypatch.setattr(halves, "SIDE", 150)
    monkeypatch.setattr(halves, "torch_pays", lambda _points: True)
    monkeypatch.setattr(halves, "half_is_faster", lambda _dim: request.param)
    monkeypatch.setattr(halves.Candidates, "gather", watched)
    monkeypatch.setattr(on_gpu, "gpu", lambda: None)
    return shares


def plain(vectors: np.ndarray, metric: str, k: int) -> tuple[np.ndarray, np.ndarray]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(halves, "FROM", len(vectors) + 1)
        return neighbors.nearest(vectors, metric, k)


def assert_same(vectors: np.ndarray, metric: str, k: int) -> None:
    found, wanted = neighbors.nearest(vectors, metric, k), plain(vectors, metric, k)
    assert (found[0] == wanted[0]).all()
    assert (found[1] == wanted[1]).all()
    assert_graph(*found, len(vectors), k)


@pytest.mark.parametrize("metric", PRODUCTS)
@pytest.mark.parametrize(("n", "dim", "k"), [(700, 16, 9), (451, 300, 40), (300, 3, 1)])
def test_it_is_the_exact_graph_to_the_last_bit(taken: list[float], metric: str, n: int, dim: int, k: int) -> None:
    assert_same(sample(metric, n=n, dim=dim), metric, k)
    assert len(taken) == 1
    assert metric == "hamming" or taken[0] < 0.5


def test_clusters_and_some_copies(taken: list[float]) -> None:
    random = np.random.default_rng(2)
    centres = random.normal(size=(12, 48))
    vectors = (centres[random.integers(0, 12, 900)] + 0.3 * random.normal(size=(900, 48))).astype(np.float32)
    vectors[100:140] = vectors[:40]
    vectors[500:580] = vectors[7]
    assert_same(vectors, "cosine", 15)
    assert_same(vectors, "euclidean", 15)
    assert 0.05 < taken[0] < 0.5  # the eighty copies have no room, the others have


def test_where_most_are_copies_the_search_in_float32_is_left_to_do_all(taken: list[float]) -> None:
    vectors = np.repeat(sample("euclidean", n=4, seed=3), 160, axis=0)
    vectors = np.ascontiguousarray(vectors[np.random.default_rng(0).permutation(640)])
    indices, distances = neighbors.nearest(vectors, "euclidean", 20)
    assert taken == [1.0]
    assert (distances == 0).all()
    copies = (vectors[:, None] == vectors[None]).all(-1).astype(float)
    assert (indices == tied_order(1 - copies, 20)).all()


def test_a_grid_ties_by_row(taken: list[float]) -> None:
    side = np.arange(20, dtype=np.float32)
    grid = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2) + np.float32(1000)
    squared = ((grid[:, None] - grid[None]) ** 2).sum(-1)
    assert (neighbors.nearest(grid, "euclidean", 9)[0] == tied_order(squared, 9)).all()


@pytest.mark.parametrize("scale", [1e-25, 1e-12, 1e12, 1e15])
def test_very_small_and_very_large_numbers(taken: list[float], scale: float) -> None:
    vectors = sample("euclidean", n=400) * np.float32(scale)
    if scale < 1e-20:  # squares of these are 0 in float32
        found, wanted = neighbors.nearest(vectors, "cosine", 9), plain(vectors, "cosine", 9)
        assert (found[0] == wanted[0]).all()
    else:
        assert_same(vectors, "euclidean", 9)
    assert taken[0] < 0.5


def test_a_few_very_long_vectors_blur_nothing(taken: list[float]) -> None:
    vectors = sample("euclidean", n=400)
    vectors[::57] *= 1000
    assert_same(vectors, "euclidean", 9)


def test_progress_rises_and_stops_by_raising(taken: list[float]) -> None:
    vectors, seen = sample("euclidean", n=700), []
    neighbors.nearest(vectors, "euclidean", 5, progress=lambda *call: seen.append(call))
    assert seen[0] == ("neighbors", 0, 700)
    assert seen[-1] == ("neighbors", 700, 700)
    assert len(seen) > 8

    def stop(_stage: str, done: int, _total: int) -> None:
        if done >= 200:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        neighbors.nearest(vectors, "euclidean", 5, progress=stop)
    assert len(taken) == 1


@pytest.mark.parametrize("metric", PRODUCTS)
def test_the_way_over_a_graphics_card_gives_the_same(metric: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The device's own code, run on the processor; on a card in test_gpu.py."""
    shares, gather = [], on_gpu.gather

    def watched(candidates: halves.Candidates, *given: object) -> None:
        gather(candidates, *given)  # type: ignore[arg-type]
        shares.append(float(candidates.crowded.mean()))

    monkeypatch.setattr(halves, "FROM", 0)
    monkeypatch.setattr(halves, "torch_pays", lambda _points: True)
    monkeypatch.setattr(on_gpu, "gpu", lambda: "cpu")
    monkeypatch.setattr(on_gpu, "gather", watched)
    monkeypatch.setattr(on_gpu, "BLOCK_NUMBERS", 70_000)
    vectors = sample(metric, n=700)
    vectors[100:200] = vectors[7]  # too many for the room
    assert_same(vectors, metric, 9)
    assert_same(vectors[200:260], metric, 9)  # all others have room
    assert shares[0] >= 100 / 700
    assert metric == "hamming" or shares[0] < 0.3
    assert shares[1] == 0


def test_a_card_that_is_too_small_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    def full(*_given: object) -> None:
        raise torch.OutOfMemoryError("full")

    monkeypatch.setattr(halves, "FROM", 0)
    monkeypatch.setattr(halves, "torch_pays", lambda _points: True)
    monkeypatch.setattr(on_gpu, "gpu", lambda: "cpu")
    monkeypatch.setattr(on_gpu, "gather", full)
    assert_same(sample("euclidean", n=300), "euclidean", 9)


def test_distances_are_summed_in_the_order_of_numpy() -> None:
    from imgsim.neighbors import _halves_kernel

    random = np.random.default_rng(0)
    for dim in (*range(1, 40), 127, 128, 129, 200, 257, 512, 513, 1000, 2049):
        a, b = random.normal(size=(2, dim)).astype(np.float32)
        found = _halves_kernel.square(a, b, np.array(halves.summing(dim)))
        assert METRICS["hamming"].pairs(a[None], b)[0] == found


def test_which_is_faster_is_measured() -> None:
    assert halves.half_is_faster(64) in (True, False)


def decaying(n: int, dim: int) -> np.ndarray:
    """Vectors of clusters, with most of their variance on few axes that are no axes of the coordinates."""
    random = np.random.default_rng(5)
    turn = np.linalg.qr(random.normal(size=(dim, dim)))[0]
    parts = random.normal(size=(20, dim))[random.integers(0, 20, n)] + random.normal(size=(n, dim))
    return ((parts * 0.8 ** np.arange(dim)) @ turn + 3).astype(np.float32)


@pytest.fixture
def widths(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """Have short vectors of few dimensions weighed; gives the widths that were chosen."""
    chosen: list[int | None] = []
    best_width = leading.best_width

    def watched(*given: object) -> int | None:
        chosen.append(best_width(*given))  # type: ignore[arg-type]
        return chosen[-1]

    monkeypatch.setattr(leading, "WIDTHS", (8, 16, 32))
    monkeypatch.setattr(leading, "MOST_NEAR", 1)
    monkeypatch.setattr(leading, "STORED", 1)
    monkeypatch.setattr(leading, "LOOKED_UP", 0.01)
    monkeypatch.setattr(leading, "best_width", watched)
    return chosen


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("k", [1, 15, 60])
def test_short_vectors_come_to_the_same(taken: list[float], widths: list[int | None], metric: str, k: int) -> None:
    vectors = decaying(700, 90)
    vectors[100:140] = vectors[:40]
    vectors[300:310] = 0
    assert_same(vectors, metric, k)
    assert widths[0] is not None
    assert widths[0] < 90
    assert taken[0] < 0.5


def test_short_vectors_far_from_zero_and_long_ones_among_them(taken: list[float], widths: list[int | None]) -> None:
    vectors = decaying(500, 64)
    assert_same(vectors + np.float32(1e4), "euclidean", 9)
    vectors[::41] *= 300
    assert_same(vectors, "euclidean", 9)
    assert_same(vectors * np.float32(1e-12), "euclidean", 9)
    assert len(widths) == len(taken) == 3


def test_vectors_that_spread_alike_stay_whole(taken: list[float], widths: list[int | None]) -> None:
    vectors = sample("euclidean", n=500, dim=64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert_same(vectors, "euclidean", 9)
    assert len(widths) == len(taken) == 1


@pytest.mark.parametrize("n", [1, 2, 3, 17, 65])
def test_very_few_vectors(taken: list[float], n: int) -> None:
    vectors = sample("euclidean", n=n, dim=40)
    found, wanted = neighbors.nearest(vectors, "euclidean", 20), plain(vectors, "euclidean", 20)
    assert (found[0] == wanted[0]).all()
    assert (found[1] == wanted[1]).all()


def test_all_equal_vectors(taken: list[float]) -> None:
    indices, distances = neighbors.nearest(np.ones((300, 40), np.float32), "euclidean", 5)
    assert (distances == 0).all()
    assert (indices[6:] == np.arange(5)).all()
    assert taken == [1.0]


@pytest.mark.parametrize("width", [2, 9, 33])
def test_short_vectors_bound_the_distance_from_below(width: int) -> None:
    vectors = decaying(200, 48).astype(np.float64)
    vectors -= vectors.mean(axis=0)
    axes = leading.axes_of(vectors.astype(np.float32), 40)
    assert np.allclose(axes.T @ axes, np.eye(40), atol=1e-13)
    short, rest = leading.cut(vectors @ axes, (vectors**2).sum(1), width)
    parts = (vectors, short, short[:, -1:], rest[:, : leading.STEP], rest[:, :1], rest[:, leading.STEP :])
    whole, near, length, more, second, others = (((x[:, None] - x) ** 2).sum(-1) for x in parts)
    closer = near - length + more
    closest = closer - second + others
    assert short.shape[1] == width
    assert (near <= closer + 1e-8).all()
    assert (closer <= closest + 1e-8).all()
    assert (closest <= whole + 1e-8).all()


def test_an_order_has_every_row_once_and_near_ones_together() -> None:
    vectors = decaying(1000, 48)
    order = leading.order_of(vectors, 256, 64)
    assert (np.sort(order) == np.arange(1000)).all()
    spread = [vectors[order[at : at + 64]].var(axis=0).sum() for at in range(0, 1000, 64)]
    assert np.mean(spread) < 0.8 * vectors.var(axis=0).sum()


@pytest.mark.parametrize("n", [4, 7, 32, 63])
def test_rounds_have_every_pair_once(n: int) -> None:
    rounds = list(halves._rounds(range(n)))
    assert all(len({*rows, *columns}) == len(rows) + len(columns) for rows, columns in rounds)
    pairs = [pair for rows, columns in rounds for pair in zip(rows, columns, strict=True)]
    assert sorted(pairs) == [(i, j) for i in range(n) for j in range(i + 1, n)]
