"""Recommendation: closeness, MMR and diversity by hand; candidates, likes and dislikes on small collections."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from imgsim.errors import InputError
from imgsim.recommendation import Wish, candidates, closeness, intra_list_diversity, mixed, mmr, moved, recommend
from imgsim.types import Collection, Embeddings

BACKGROUND = np.arange(1, 101, dtype=np.float32)  # 100 random pairs at distances 1 to 100


def collection(n: int, hashes: str = "", category: str = "") -> Collection:
    ids = tuple(f"item{i}" for i in range(n))
    fields = {"category": np.array(list(category))} if category else {}
    return Collection("c", "c", ids, tuple(hashes or ids), ids, fields)


def space(vectors: list[list[float]], metric: str = "euclidean") -> Embeddings:
    array = np.array(vectors, np.float32)
    return Embeddings("k", tuple(f"item{i}" for i in range(len(array))), array, metric, "pixels")  # type: ignore[arg-type]


def test_closeness_is_the_logarithm_of_how_rare_it_is():
    found = closeness(np.array([0, 1, 10, 100, 1000]), BACKGROUND)
    lowest = np.log(0.1 / 100)
    assert found == pytest.approx([1, np.log(0.01) / lowest, np.log(0.10) / lowest, 0, 0])
    assert closeness(np.array([0.5]), BACKGROUND)[0] == pytest.approx(np.log((0.1 + 1) / 2 / 100) / lowest)


def test_closeness_has_no_ties_where_distances_differ_and_knows_copies_in_the_background():
    far = np.sort(np.random.default_rng(0).uniform(0, 100, 500))
    assert (np.diff(closeness(far, BACKGROUND)) < 0).all()
    copies = np.array([0, 0, 0, 1, 2, 3], np.float32)
    assert closeness(np.array([0.0]), copies)[0] == pytest.approx(np.log(3 / 6) / np.log(0.1 / 6))
    assert closeness(np.array([0, 1]), np.zeros(0, np.float32)).tolist() == [1, 0]


def test_mixing_is_the_weighted_mean():
    assert mixed([np.array([1.0, 0.0]), np.array([0.0, 0.5])], [3, 1]).tolist() == [0.75, 0.125]
    for weights in ([0, 0], [1, -1], [1]):
        with pytest.raises(InputError, match="2 numbers of at least 0"):
            mixed([np.zeros(1), np.zeros(1)], weights)


def test_mmr_by_hand():
    relevance = np.array([0.9, 0.8, 0.5])
    likeness = np.array([[1, 0.9, 0.1], [0.9, 1, 0.2], [0.1, 0.2, 1]])
    assert mmr(relevance, likeness, 3, 0).tolist() == [0, 1, 2]
    # after the first: .5 * .8 - .5 * .9 = -.05 against .5 * .5 - .5 * .1 = .2
    assert mmr(relevance, likeness, 3, 0.5).tolist() == [0, 2, 1]
    # .7 * .8 - .3 * .9 = .29 against .7 * .5 - .3 * .1 = .32; at .25: .375 against .35
    assert mmr(relevance, likeness, 2, 0.3).tolist() == [0, 2]
    assert mmr(relevance, likeness, 2, 0.25).tolist() == [0, 1]
    assert mmr(relevance, likeness, 9, 1).tolist() == [0, 2, 1]
    assert mmr(np.zeros(0), np.zeros((0, 0)), 3, 0.5).tolist() == []


def test_mmr_gives_each_once_and_ties_to_the_first():
    assert mmr(np.ones(4), np.ones((4, 4)), 4, 0.7).tolist() == [0, 1, 2, 3]
    for k, diversity in ((0, 0.5), (1, 1.5), (1, -0.1)):
        with pytest.raises(InputError):
            mmr(np.ones(2), np.ones((2, 2)), k, diversity)


def test_the_greedy_step_agrees_with_the_formula_written_out():
    random = np.random.default_rng(1)
    relevance, likeness = random.random(20), random.random((20, 20))
    likeness = (likeness + likeness.T) / 2
    chosen: list[int] = []
    for _ in range(8):
        rest = [d for d in range(20) if d not in chosen]
        gain = [0.6 * relevance[d] - 0.4 * max([likeness[d, s] for s in chosen], default=0) for d in rest]
        chosen.append(rest[int(np.argmax(gain))])
    assert mmr(relevance, likeness, 8, 0.4).tolist() == chosen


def test_diversity_of_a_list_by_hand():
    likeness = np.array([[1, 0.2, 0.4], [0.2, 1, 0.6], [0.4, 0.6, 1]])
    assert intra_list_diversity(likeness) == pytest.approx((0.8 + 0.6 + 0.4) / 3)
    assert np.isnan(intra_list_diversity(np.ones((1, 1))))


def test_neither_the_item_nor_copies_are_candidates():
    shop = collection(6, hashes="AABCCD")
    assert candidates(shop, Wish(0, (1,))).tolist() == [2, 3, 5]  # no copy of it, and of C only the first
    assert candidates(shop, Wish(0, (1,), likes=(4,))).tolist() == [2, 5]
    assert candidates(shop, Wish(0, (1,), dislikes=(5,))).tolist() == [2, 3]


def test_the_same_or_another_category():
    shop = collection(5, category="aabb ".replace(" ", "c"))
    assert candidates(shop, Wish(0, (1,), scope="same", category="category")).tolist() == [1]
    assert candidates(shop, Wish(0, (1,), scope="other", category="category")).tolist() == [2, 3, 4]
    bare = Collection(
        "c", "c", ("x", "y", "z"), ("1", "2", "3"), ("x", "y", "z"), {"category": np.array(["", "a", ""])}
    )
    assert candidates(bare, Wish(1, (1,), scope="other", category="category")).tolist() == []
    with pytest.raises(InputError, match="must have a category"):
        candidates(bare, Wish(0, (1,), scope="same", category="category"))


def test_likes_move_the_item_and_dislikes_push_it_away():
    line = space([[0], [4], [-4], [1]])
    assert moved(line, Wish(0, (1,))).tolist() == [0]
    assert moved(line, Wish(0, (1,), likes=(1,))) == pytest.approx([3])
    assert moved(line, Wish(0, (1,), dislikes=(1,))) == pytest.approx([-0.6])
    shop, grounds = collection(4), [np.arange(1, 9, dtype=np.float32)]
    assert recommend(shop, [line], grounds, Wish(3, (1,))).rows.tolist() == [0, 1, 2]
    assert recommend(shop, [line], grounds, Wish(3, (1,), dislikes=(0,), likes=(1,))).rows.tolist() == [2]
    assert recommend(shop, [line], grounds, Wish(3, (1,), likes=(1,))).rows.tolist() == [0, 2]


def test_a_moved_vector_is_one_the_metric_is_defined_for():
    histograms = space([[1, 0], [0, 1], [1, 0]], "intersection")
    assert moved(histograms, Wish(0, (1,), dislikes=(1,))).tolist() == [1, 0]
    bits = space([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1]], "hamming")
    assert moved(bits, Wish(0, (1,), likes=(1, 2, 3))).tolist() == [1, 0, 0]
    assert moved(bits, Wish(0, (1,), dislikes=(3,))).tolist() == [1, 0, 0]
    assert set(moved(bits, Wish(0, (1,), likes=(1,), dislikes=(2, 3))).tolist()) <= {0, 1}
    cosine = space([[2, 0], [0, 9]], "cosine")
    assert moved(cosine, Wish(0, (1,), likes=(1,))) == pytest.approx([1, 0.75])


def test_weights_decide_between_spaces_and_variety_is_told():
    colour, shape = space([[0], [1], [9], [5]]), space([[0], [9], [1], [5]])
    grounds = [np.array([1, 4, 5, 8, 9], np.float32)] * 2
    shop = collection(4)
    one = recommend(shop, [colour, shape], grounds, Wish(0, (1, 0)))
    other = recommend(shop, [colour, shape], grounds, Wish(0, (0, 1)))
    assert (one.rows[0], other.rows[0]) == (1, 2)
    assert one.score == pytest.approx(one.by_space[0])
    assert one.n_candidates == 3
    assert one.by_space.shape == (2, 3)
    even = recommend(shop, [colour, shape], grounds, Wish(0, (1, 1)))
    assert even.score == pytest.approx(even.by_space.mean(axis=0))
    assert 0 < one.variety < 1


def test_one_item_alone_gets_an_empty_list():
    found = recommend(collection(1), [space([[1, 2]])], [np.zeros(0, np.float32)], Wish(0, (1,)))
    assert len(found.rows) == 0
    assert np.isnan(found.variety)


def test_blocks_of_rows_change_nothing(monkeypatch):
    random = np.random.default_rng(5)
    vectors = space(random.normal(size=(23, 4)).tolist(), "cosine")
    ground = np.sort(random.uniform(0, 2, 50)).astype(np.float32)
    shop = collection(23)
    whole = recommend(shop, [vectors], [ground], Wish(3, (1,), k=9))
    monkeypatch.setattr(sys.modules["imgsim.recommendation.recommend"], "BLOCK_ROWS", 4)
    parts = recommend(shop, [vectors], [ground], Wish(3, (1,), k=9))
    assert parts.rows.tolist() == whole.rows.tolist()
    assert (parts.score == whole.score).all()
