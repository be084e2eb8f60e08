"""Retrieval measures: worked out by hand, against scikit-learn, and where the labels mean nothing."""

from __future__ import annotations

import numpy as np
import pytest

from imgsim.errors import CancelledError, InputError
from imgsim.evaluation import retrieval as module
from imgsim.evaluation.bootstrap import bootstrap_interval
from imgsim.evaluation.ranking import average_precision, average_precision_at_r, recall_at, step_ends, vote
from imgsim.evaluation.retrieval import graph_scores, query_scores, retrieval


def on_a_line(positions):
    """Distances of points on a line, from all, by rows."""
    points = np.asarray(positions, np.float32)
    return lambda rows: np.abs(points[rows, None] - points[None])


def euclidean(points):
    return lambda rows: np.linalg.norm(points[rows, None] - points[None], axis=2).astype(np.float32)


@pytest.fixture(scope="module")
def cloud():
    """Four noisy classes in five dimensions, 80 points."""
    random = np.random.default_rng(3)
    labels = np.repeat(["a", "b", "c", "d"], 20)
    points = random.normal(size=(80, 5)) + 2.5 * np.eye(5)[np.repeat(np.arange(4), 20)]
    return labels, points.astype(np.float32)


def test_average_precision_by_hand():
    hits = np.array([[True, False, True, False], [False, False, False, True], [False, False, False, False]])
    np.testing.assert_allclose(average_precision(hits), [(1 + 2 / 3) / 2, 1 / 4, np.nan])


def test_average_precision_at_r_stops_after_r():
    # R = 2: the hit at rank 1 counts 1, the one at rank 3 comes too late.
    np.testing.assert_allclose(average_precision_at_r(np.array([[True, False, True, False]])), [1 / 2])
    np.testing.assert_allclose(average_precision_at_r(np.array([[False, True, True, False]])), [(1 / 2) / 2])


def test_equal_distances_are_one_step():
    ends = step_ends(np.array([[1.0, 2.0, 2.0, 2.0, 3.0]]))
    np.testing.assert_array_equal(ends, [[0, 3, 3, 3, 4]])
    for order in ([False, True, False, False, True], [False, False, False, True, True]):
        np.testing.assert_allclose(average_precision(np.array([order]), ends), [(1 / 4 + 2 / 5) / 2])


def test_recall_looks_at_the_first_k():
    hits = np.array([[False, False, True]])
    assert [bool(recall_at(hits, k)[0]) for k in (1, 2, 3, 9)] == [False, False, True, True]


def test_the_nearest_wins_a_tied_vote():
    codes = np.array([[7, 3, 3, 7, 5], [1, 2, 2, 9, 9]])
    np.testing.assert_array_equal(vote(codes, 1), [7, 1])
    np.testing.assert_array_equal(vote(codes, 3), [3, 2])
    np.testing.assert_array_equal(vote(codes, 4), [7, 2])
    np.testing.assert_array_equal(vote(codes, 99), [7, 2])


def test_four_points_on_a_line_by_hand():
    # a at 0 and 1, b at 1.5 and 4: from a0: a b b; from a1: b a b; from b1.5: a a b; from b4: b a a
    found = query_scores(np.array(["a", "a", "b", "b"]), on_a_line([0, 1, 1.5, 4]), k=1)
    np.testing.assert_array_equal(found.rows, range(4))
    np.testing.assert_allclose(found.average_precision, [1, 1 / 2, 1 / 3, 1])
    np.testing.assert_allclose(found.average_precision_at_r, [1, 0, 0, 1])
    np.testing.assert_array_equal(found.found[:, 0], [True, False, False, True])
    np.testing.assert_array_equal(found.voted, [True, False, False, True])
    told = retrieval(np.array(["a", "a", "b", "b"]), on_a_line([0, 1, 1.5, 4]), k=1)
    assert told.map == pytest.approx(17 / 24)
    assert (told.recall_at_1, told.recall_at_5, told.map_at_r, told.knn_accuracy) == (0.5, 1, 0.5, 0.5)
    assert (told.n_queries, told.n_labelled, told.n_classes) == (4, 4, 2)


@pytest.mark.parametrize("decimals", [7, 0], ids=["distinct", "many ties"])
def test_average_precision_is_scikit_learns(cloud, decimals):
    from sklearn.metrics import average_precision_score

    labels, points = cloud
    measure = euclidean(points)

    def rounded(rows):
        return np.round(measure(rows), decimals)

    found = query_scores(labels, rounded)
    for row in range(0, 80, 7):
        others = np.arange(80) != row
        wanted = average_precision_score(labels[others] == labels[row], -rounded(np.array([row]))[0][others])
        assert found.average_precision[row] == pytest.approx(wanted)


def test_map_at_r_is_that_of_pytorch_metric_learning(cloud):
    """By the loop of its AccuracyCalculator: precision at each hit among the R nearest, over R."""
    labels, points = cloud
    labels = labels.copy()
    labels[:3] = "e"  # classes of different size
    wanted = []
    for row in range(80):
        others = np.delete(np.arange(80), row)
        order = others[np.argsort(np.linalg.norm(points[others] - points[row], axis=1), kind="stable")]
        same = [bool(labels[other] == labels[row]) for other in order]
        r = sum(same)
        wanted.append(sum(sum(same[: i + 1]) / (i + 1) for i in range(r) if same[i]) / r)
    told = retrieval(labels, euclidean(points))
    assert told.map_at_r == pytest.approx(np.mean(wanted))
    assert told.map_at_r_ci[0] < told.map_at_r < told.map_at_r_ci[1]


def test_a_perfect_space_scores_one_and_scale_and_turn_do_not_count(cloud):
    labels, points = cloud
    perfect = retrieval(labels, euclidean(np.eye(4, dtype=np.float32)[np.repeat(np.arange(4), 20)]))
    assert (perfect.map, perfect.map_at_r, perfect.recall_at_1, perfect.knn_accuracy) == (1, 1, 1, 1)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0]
    before, after = (retrieval(labels, euclidean(p)) for p in (points, (3 * points @ turn + 2).astype(np.float32)))
    assert (before.map, before.knn_accuracy) == pytest.approx((after.map, after.knn_accuracy), abs=1e-6)


def test_nearest_neighbours_vote_as_scikit_learn(cloud):
    from sklearn.model_selection import LeaveOneOut, cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    labels, points = cloud
    wanted = cross_val_score(KNeighborsClassifier(1), points, labels, cv=LeaveOneOut()).mean()
    assert retrieval(labels, euclidean(points)).recall_at_1 == pytest.approx(wanted)


def test_the_order_of_the_files_does_not_count_when_all_are_equally_far():
    labels = np.repeat(["a", "b"], 10)
    told = query_scores(labels, lambda rows: np.ones((len(rows), 20), np.float32))
    np.testing.assert_allclose(told.average_precision, 9 / 19)


def test_blocks_do_not_change_the_result(cloud, monkeypatch):
    labels, points = cloud
    whole = retrieval(labels, euclidean(points))
    monkeypatch.setattr(module, "BLOCK_NUMBERS", 7 * 80)
    assert retrieval(labels, euclidean(points)) == whole


def test_shuffled_labels_give_chance(cloud):
    labels, points = cloud
    told = retrieval(labels, euclidean(points))
    assert told.null_map == pytest.approx(19 / 79, abs=0.05)
    assert told.map > told.null_map + 0.15
    assert told.map_ci[0] < told.map < told.map_ci[1]
    random = np.random.default_rng(1).permutation(labels)
    assert retrieval(random, euclidean(points)).map == pytest.approx(told.null_map, abs=0.05)


def test_an_image_alone_in_its_class_asks_nothing_and_still_stands_in_the_way():
    labels = np.array(["a", "z", "a"])
    told = query_scores(labels, on_a_line([0, 1, 3]))
    np.testing.assert_array_equal(told.rows, [0, 2])
    np.testing.assert_allclose(told.average_precision, [1 / 2, 1 / 2])


@pytest.mark.parametrize("labels", [np.array(["a", "", "a", "b", "b"]), np.array([1.0, np.nan, 1, 2, 2])])
def test_an_image_without_a_label_takes_no_part(labels):
    told = query_scores(labels, on_a_line([0, 1, 3, 10, 11]))
    np.testing.assert_array_equal(told.rows, [0, 2, 3, 4])
    np.testing.assert_allclose(told.average_precision, 1)


def test_a_sample_is_seeded_and_near_the_whole(cloud):
    labels, points = cloud
    some = query_scores(labels, euclidean(points), n_queries=40, seed=5)
    again = query_scores(labels, euclidean(points), n_queries=40, seed=5)
    np.testing.assert_array_equal(some.rows, again.rows)
    assert len(set(some.rows)) == 40
    everything = query_scores(labels, euclidean(points))
    np.testing.assert_allclose(some.average_precision, everything.average_precision[some.rows])


def test_a_graph_gives_the_same_votes_as_the_distances(cloud):
    labels, points = cloud
    far = euclidean(points)(np.arange(80))
    np.fill_diagonal(far, np.inf)
    nearest, voted = graph_scores(labels, np.argsort(far, axis=1, kind="stable")[:, :9].astype(np.int32), k=5)
    found = query_scores(labels, euclidean(points), k=5)
    np.testing.assert_array_equal(nearest, found.found[:, 0])
    np.testing.assert_array_equal(voted, found.voted)
    with pytest.raises(InputError, match="neighbors must be"):
        graph_scores(labels, np.zeros((3, 5), np.int32))


def test_the_bootstrap_interval_is_that_of_the_mean():
    values = np.random.default_rng(0).normal(2, 1, 2500)
    low, high = bootstrap_interval(values)
    half = 1.96 * values.std() / 50
    assert low == pytest.approx(values.mean() - half, abs=0.006)
    assert high == pytest.approx(values.mean() + half, abs=0.006)
    assert bootstrap_interval(values) == (low, high)
    assert bootstrap_interval(values, seed=1) != (low, high)
    assert np.isnan(bootstrap_interval(values[:0])).all()


def test_labels_that_nobody_shares_are_refused():
    with pytest.raises(InputError, match="choose another field"):
        retrieval(np.array(["a", "b"]), on_a_line([0, 1]))
    with pytest.raises(InputError, match="choose another field"):
        retrieval(np.array(["", ""]), on_a_line([0, 1]))
    with pytest.raises(InputError, match="at least 1"):
        retrieval(np.array(["a", "a"]), on_a_line([0, 1]), k=0)


def test_progress_ends_full_and_stops_the_work(cloud):
    labels, points = cloud
    seen = []
    retrieval(labels, euclidean(points), progress=lambda *told: seen.append(told))
    assert seen[-1] == ("retrieval", 80, 80)

    def stop(*_):
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        retrieval(labels, euclidean(points), progress=stop)
