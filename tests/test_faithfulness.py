"""Faithfulness of maps against scikit-learn, brute force and maps worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.manifold import trustworthiness

from imgsim.errors import CancelledError, InputError
from imgsim.evaluation import faithfulness, kept, map_neighbors
from imgsim.evaluation.triplets import triplets_kept
from imgsim.neighbors import nearest


def cloud(n: int = 120, dim: int = 8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)


@pytest.mark.parametrize("k", [1, 5, 15, 40])
def test_agrees_with_scikit_learn(k):
    vectors = cloud()
    xy = vectors[:, :2] + 0.1 * cloud(dim=2, seed=1)
    found = faithfulness(vectors, xy, k=k)
    assert found.k == k
    assert found.n_sampled == 120
    assert found.trustworthiness == pytest.approx(trustworthiness(vectors, xy, n_neighbors=k), abs=1e-6)
    assert found.continuity == pytest.approx(trustworthiness(xy, vectors, n_neighbors=k), abs=1e-6)


def test_a_perfect_map():
    xy = cloud(dim=2)
    found = faithfulness(xy, 3 * xy, k=10)
    assert (found.trustworthiness, found.continuity, found.knn_recall) == (1, 1, 1)
    assert (found.per_point == 0).all()


def test_a_random_map_recalls_what_chance_gives():
    found = faithfulness(cloud(400), cloud(400, dim=2, seed=9), k=20)
    assert found.knn_recall == pytest.approx(20 / 399, abs=0.02)
    assert found.trustworthiness == pytest.approx(0.5, abs=0.05)
    assert found.continuity == pytest.approx(0.5, abs=0.05)


def test_two_points_swapped_on_a_line_by_hand():
    line = np.array([[0], [1], [10], [11], [20], [21]], np.float32)
    swapped = np.array([[0, 0], [10, 0], [1, 0], [11, 0], [20, 0], [21, 0]], np.float32)
    found = faithfulness(line, swapped, k=1)
    # 0..3 each lose their only neighbour; 4 and 5 keep it
    assert found.per_point.tolist() == [1, 1, 1, 1, 0, 0]
    assert found.knn_recall == pytest.approx(2 / 6)
    # the stranger of 0 is 2 (rank 2), of 2 is 0 (10 away, behind 3 and 1: rank 3), of 1 is 3 (rank 3: 0, 2, 3), and
    # of 3 is 1 (rank 3: 2, 4 at 9, 1 at 10), so 1 + 2 + 2 + 2 beyond k, over 6 * 1 * (2 * 6 - 3 - 1) / 2
    assert found.trustworthiness == pytest.approx(1 - 7 / 24)


def test_the_graph_gives_recall_by_the_methods_own_metric():
    vectors = np.abs(cloud())
    xy = vectors[:, :2]
    indices, _ = nearest(vectors, "cosine", 12)
    found = faithfulness(vectors, xy, k=10, neighbors=indices)
    map_rows, _ = nearest(xy, "euclidean", 10)
    shares = [len(set(a[:10]) & set(b)) / 10 for a, b in zip(indices, map_rows, strict=True)]
    assert found.per_point == pytest.approx(1 - np.array(shares), abs=1e-6)
    assert found.knn_recall == pytest.approx(np.mean(shares))


def test_a_sample_comes_near_the_whole_and_says_its_size():
    vectors = cloud(600)
    xy = vectors[:, :2]
    whole = faithfulness(vectors, xy)
    part = faithfulness(vectors, xy, n_sample=200, seed=1)
    again = faithfulness(vectors, xy, n_sample=200, seed=1)
    assert part.n_sampled == 200
    assert part.per_point is None
    assert part.trustworthiness == pytest.approx(whole.trustworthiness, abs=0.02)
    assert part.continuity == pytest.approx(whole.continuity, abs=0.02)
    assert part.trustworthiness == again.trustworthiness != whole.trustworthiness
    indices, _ = nearest(vectors, "euclidean", 15)
    with_graph = faithfulness(vectors, xy, n_sample=200, neighbors=indices)
    assert with_graph.per_point == pytest.approx(whole.per_point)
    assert with_graph.knn_recall == pytest.approx(whole.knn_recall)


def test_blocks_change_nothing(monkeypatch):
    import importlib

    vectors = cloud()
    expected = faithfulness(vectors, vectors[:, :2])
    monkeypatch.setattr(importlib.import_module("imgsim.evaluation.faithfulness"), "BLOCK_NUMBERS", 500)
    calls = []
    found = faithfulness(vectors, vectors[:, :2], progress=lambda *call: calls.append(call))
    assert found.trustworthiness == pytest.approx(expected.trustworthiness)
    assert (found.per_point == expected.per_point).all()
    assert len(calls) == 31
    assert calls[-1] == ("faithfulness", 120, 120)

    def stop(*_call):
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        faithfulness(vectors, vectors[:, :2], progress=stop)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_few_images(n):
    found = faithfulness(cloud(n), cloud(n, dim=2), k=15)
    assert found.k == (n - 1) // 2
    for value in (found.trustworthiness, found.continuity, found.knn_recall):
        assert 0 <= value <= 1
    assert found.per_point.shape == (n,)


def test_the_worst_map_scores_zero():
    # On the map every point's nearest is the farthest in the space: 0 and 3, 1 and 2 change roles.
    space = np.array([[0, 0], [1, 0], [3, 0]], np.float32)
    xy = np.array([[0, 0], [2.5, 0], [1, 0]], np.float32)
    far = cdist(space, space)
    shown = map_neighbors(xy, 1)[:, 0]
    assert [far[row, column] == far[row].max() for row, column in enumerate(shown)] == [True, True, True]
    assert faithfulness(space, xy, k=1).trustworthiness == 0


def test_map_neighbors_leave_self_out_among_copies():
    xy = np.zeros((30, 2), np.float32)
    found = map_neighbors(xy, 5)
    assert found.shape == (30, 5)
    assert not (found == np.arange(30)[:, None]).any()
    assert all(len(set(row)) == 5 for row in found)


def test_kept_and_strangers():
    true, shown = np.array([[1, 2, 3]], np.int32), np.array([[3, 9, 1]], np.int32)
    assert kept(true, shown).tolist() == [[True, False, True]]
    assert (~kept(shown, true)).tolist() == [[False, True, False]]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: faithfulness(cloud(9), cloud(8, 2)), "9 points"),
        (lambda: faithfulness(cloud(9), cloud(9, 2), k=0), "at least 1"),
        (lambda: faithfulness(cloud(9), cloud(9, 2), k=3, neighbors=np.zeros((9, 2), np.int32)), "3 or more"),
    ],
)
def test_errors_say_what_was_got(call, words):
    with pytest.raises(InputError, match=words):
        call()


def test_triplets_of_a_space_are_kept_by_itself_and_by_chance_half_of_them():
    vectors = cloud(200)
    assert triplets_kept(vectors, 5 * vectors + 1).mean() == 1
    assert triplets_kept(vectors, cloud(200, dim=2, seed=9)).mean() == pytest.approx(0.5, abs=0.03)
    assert triplets_kept(vectors, np.zeros((200, 2), np.float32)).mean() == 0.5  # a spot keeps no order
    shadow = triplets_kept(vectors, vectors[:, :2]).mean()
    assert 0.55 < shadow < 0.9
    np.testing.assert_array_equal(triplets_kept(vectors, vectors[:, :2]), triplets_kept(vectors, vectors[:, :2]))


def test_triplets_are_three_different_images_and_right_by_hand():
    line = np.array([[0.0], [1.0], [3.0]], np.float32)  # from 0: 1, 3; from 1: 1, 2; from 3: 3, 2
    bent = np.array([[0.0], [2.0], [3.0]], np.float32)  # from 0: 2, 3; from 1: 2, 1, turned; from 3: 3, 1
    found = triplets_kept(line, bent, n_triplets=6000)
    assert set(found.tolist()) == {0, 1}
    assert found.mean() == pytest.approx(2 / 3, abs=0.03)
    with pytest.raises(InputError, match="three images"):
        triplets_kept(line[:2], bent[:2])
