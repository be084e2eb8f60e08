"""Our UMAP layout: close to umap-learn's, the same for any number of threads, told and stopped round by round."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from imgsim import neighbors
from imgsim.errors import CancelledError
from imgsim.evaluation.faithfulness import faithfulness
from imgsim.projections import PROJECTORS, _layout
from imgsim.projections._fuzzy import fuzzy_graph
from imgsim.projections._principal import start
from imgsim.types import Neighbors

K = 14


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    vectors = load_digits().data.astype(np.float32)[:800]
    return vectors, *neighbors.nearest(vectors, "euclidean", K)


def drawn(digits: tuple[np.ndarray, ...], rounds: int = 200, n_components: int = 2) -> np.ndarray:
    vectors, indices, distances = digits
    begin = start(vectors, n_components, 0)
    return _layout.layout(fuzzy_graph(indices, distances), begin, 0.1, rounds=rounds)


def test_it_is_as_faithful_as_umap_learns(digits: tuple[np.ndarray, ...]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import umap.umap_ as library

        vectors, indices, distances = digits
        a, b = library.find_ab_params(1.0, 0.1)
        theirs = library.simplicial_set_embedding(
            vectors, fuzzy_graph(indices, distances), 2, 1.0, a, b, gamma=1.0, negative_sample_rate=5, n_epochs=200,
            init=start(vectors, 2, 0), random_state=np.random.RandomState(0), metric="euclidean", metric_kwds={},
            densmap=False, densmap_kwds={}, output_dens=False,
        )[0]  # fmt: skip
    one, other = (
        faithfulness(vectors, xy.astype(np.float32), k=K, neighbors=indices) for xy in (drawn(digits), theirs)
    )
    assert one.trustworthiness > other.trustworthiness - 0.01
    assert one.continuity > other.continuity - 0.02
    assert one.knn_recall > other.knn_recall - 0.03
    assert _layout.curve(0.1) == pytest.approx((a, b), rel=1e-6)


def test_large_maps_are_laid_out_by_it(digits: tuple[np.ndarray, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, indices, distances = digits
    graph = Neighbors("k", indices, distances, "euclidean")
    told: list[str] = []
    monkeypatch.setattr("imgsim.projections.umap.LARGE", 100)
    monkeypatch.setattr("imgsim.projections.umap._library", lambda: pytest.fail("umap-learn was asked"))
    xy = PROJECTORS.create("umap").fit(
        vectors, graph, progress=lambda stage, done, total: told.append(f"{done}/{total}")
    )
    assert told[0] == "0/200"
    assert told[-1] == "200/200"
    assert xy.dtype == np.float32


def test_threads_do_not_change_it(digits: tuple[np.ndarray, ...]) -> None:
    import numba

    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        alone = drawn(digits, 20)
    finally:
        numba.set_num_threads(before)
    np.testing.assert_array_equal(drawn(digits, 20), alone)


def test_equal_pictures_do_not_break_it() -> None:
    vectors = np.zeros((40, 3), np.float32)
    vectors[20:] = 1
    indices, distances = neighbors.nearest(vectors, "euclidean", 5)
    xy = _layout.layout(fuzzy_graph(indices, distances), start(vectors, 3, 0), 0.1, rounds=50)
    assert xy.shape == (40, 3)
    assert np.isfinite(xy).all()


def test_every_round_is_told_and_can_be_the_last(digits: tuple[np.ndarray, ...]) -> None:
    told: list[int] = []

    def stop(stage: str, done: int, total: int) -> None:
        told.append(done)
        if done == 7:
            raise CancelledError("stopped")

    vectors, indices, distances = digits
    with pytest.raises(CancelledError):
        _layout.layout(fuzzy_graph(indices, distances), start(vectors, 2, 0), 0.1, rounds=50, progress=stop)
    assert told == list(range(8))
