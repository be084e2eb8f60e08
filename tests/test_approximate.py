"""The approximate index: exact when it looks everywhere, honest about its recall when it does not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from imgsim import neighbors
from imgsim.cli import run
from imgsim.errors import InputError
from imgsim.neighbors import METRICS, approximate, probes
from imgsim.pipeline import MapRequest, Pipeline, graph
from tests.test_pages import folder_of, open_page, said


def vectors_for(metric: str, n: int = 400, dims: int = 12) -> np.ndarray:
    random = np.random.default_rng(3)
    centres = random.normal(size=(10, dims))
    found = centres[random.integers(0, 10, n)] + 0.4 * random.normal(size=(n, dims))
    if metric == "hamming":
        return (found > 0).astype(np.float32)
    if metric in ("hellinger", "intersection", "chi_square"):
        found = np.abs(found)
        found /= found.sum(axis=1, keepdims=True)
    return found.astype(np.float32)


@pytest.mark.parametrize("metric", METRICS)
def test_looking_into_every_list_is_exact(metric: str) -> None:
    vectors = vectors_for(metric)
    lists = approximate.build(vectors, metric, 16)
    assert sorted(lists.order.tolist()) == list(range(400))
    queries = vectors_for(metric)[::40] if metric == "hamming" else vectors[::40] * 1.01
    found, far = approximate.search(lists, queries, 10, 16)
    exact, expected = neighbors.search(vectors, queries, metric, 10)
    assert far == pytest.approx(expected, abs=1e-6)
    if metric != "hamming":  # where ties are rare
        assert (found == exact).mean() > 0.99


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "hellinger"])
def test_a_graph_over_every_list_is_exact(metric: str) -> None:
    vectors = vectors_for(metric)
    vectors[7] = vectors[6]  # a copy
    lists = approximate.build(vectors, metric, 16)
    found, far = approximate.nearest(lists, 12, 16)
    exact, expected = neighbors.nearest(vectors, metric, 12)
    assert (found != np.arange(400)[:, None]).all()
    assert far == pytest.approx(expected, abs=2e-4)
    assert far[7, 0] == 0
    assert found[7, 0] == 6
    assert probes.recall(found, exact) > 0.999
    assert (np.diff(far, axis=1) >= 0).all()


def test_recall_is_the_share_that_was_found() -> None:
    assert probes.recall(np.array([[1, 2], [5, 9]]), np.array([[2, 1], [5, 6]])) == 0.75


def test_fewer_lists_miss_some_and_the_measure_says_how_many() -> None:
    vectors = vectors_for("euclidean", 3000, 24)
    lists = approximate.build(vectors, "euclidean", 64)
    exact = neighbors.search(vectors, vectors[:200], "euclidean", 11)[0]
    one = probes.recall(approximate.search(lists, vectors[:200], 11, 1)[0], exact)
    assert one < 0.9
    n_probe, reached = probes.search_probes(lists)
    assert reached >= 0.97
    assert 1 < n_probe < 64
    assert abs(probes.recall(approximate.search(lists, vectors[:200], 11, n_probe)[0], exact) - reached) < 0.03
    n_probe, reached = probes.graph_probes(lists)
    graph = approximate.nearest(lists, 15, n_probe)[0]
    truth = neighbors.nearest(vectors, "euclidean", 15)[0]
    assert reached >= 0.992
    assert abs(probes.recall(graph, truth) - reached) < 0.02


def test_more_neighbours_than_a_list_holds() -> None:
    vectors = vectors_for("euclidean", 60)
    lists = approximate.build(vectors, "euclidean", 12)
    assert (np.sort(approximate.search(lists, vectors[:1], 100, 1)[0][0]) == np.arange(60)).all()
    found = approximate.nearest(lists, 59, 1)[0]
    assert (np.sort(found[5]) == np.delete(np.arange(60), 5)).all()


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(InputError, match="at least one vector"):
        approximate.build(np.zeros((0, 4), np.float32), "cosine")
    with pytest.raises(InputError, match="search exactly"):
        approximate.nearest(approximate.build(vectors_for("manhattan"), "manhattan", 4), 5, 1)


def test_equal_vectors_make_an_index_too() -> None:
    lists = approximate.build(np.ones((50, 3), np.float32), "cosine", 8)
    assert approximate.search(lists, np.ones((1, 3), np.float32), 5, 2)[1].tolist() == [[0] * 5]
    assert (approximate.nearest(lists, 4, 1)[1] == 0).all()


def test_a_large_collection_is_searched_by_the_index_and_says_its_recall(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = folder_of(tmp_path / "set", [f"{n}.png" for n in range(40)])
    exact = Pipeline().make_map(MapRequest(source, "pixels", "pca"))
    assert run(["search", source, "7.png", "-m", "pixels", "--json", "-k", "3"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["exact"], told["recall_at_10"]) == (True, None)

    monkeypatch.setattr(graph, "INDEX_FROM", 30)
    monkeypatch.setattr(graph, "GRAPH_FROM", 30)
    assert run(["search", source, "7.png", "-m", "pixels", "--json", "-k", "3"]) == 0
    now = json.loads(capsys.readouterr().out)
    assert not now["exact"]
    assert now["recall_at_10"] >= 0.97
    assert now["matches"] == told["matches"]
    result = Pipeline().make_map(MapRequest(source, "pixels", "pca"))
    assert not result.neighbors.exact
    assert result.neighbors.recall >= 0.99
    assert probes.recall(result.neighbors.indices, np.asarray(exact.neighbors.indices)) >= 0.98
    assert result.neighbors.key != exact.neighbors.key
    app = open_page("explore", collection=source, method="pixels", map="pca")
    assert "The nearest are approximate" in said(app)
