"""Labelling: each classifier by hand or against scikit-learn, what to ask next, suspects, the learning curve."""

from __future__ import annotations

import numpy as np
import pytest

from imgsim.errors import InputError
from imgsim.labelling import CLASSIFIERS, NONE, Predictions, Task, asking, predictions, task_of
from imgsim.labelling.asking import WAYS, ask, uncovered, unsure
from imgsim.labelling.learning import learning_curve
from imgsim.labelling.nearest_mean import NearestMean
from imgsim.labelling.propagation import Propagation, affinity
from imgsim.labelling.suspects import suspects
from imgsim.neighbors import nearest
from imgsim.types import Embeddings, Neighbors


def clouds(n: int = 40, seed: int = 0, far: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    """(3 n, 4) vectors of three clouds, and their classes."""
    random = np.random.default_rng(seed)
    centres = np.eye(4)[:3] * far
    vectors = np.concatenate([centre + random.normal(size=(n, 4)) for centre in centres])
    return vectors.astype(np.float32), np.repeat(np.arange(3), n)


def task(vectors: np.ndarray, rows: list[int], codes: list[int], k: int = 10, metric: str = "euclidean") -> Task:
    indices, distances = nearest(vectors, metric, k)
    return Task(
        vectors, metric, indices, distances, np.array(rows, np.int32), np.array(codes, np.int32), max(codes) + 1
    )


@pytest.mark.parametrize("classifier", [cls() for cls in CLASSIFIERS], ids=[cls.id for cls in CLASSIFIERS])
def test_every_classifier_gives_shares_and_beats_chance(classifier):
    vectors, truth = clouds()
    known = task(vectors, [0, 1, 40, 41, 80, 81], [0, 0, 1, 1, 2, 2])
    shares = classifier.shares(known)
    assert shares.shape == (120, 3)
    assert shares.min() >= 0
    assert shares.sum(axis=1) == pytest.approx(1)
    assert (shares == classifier.shares(known)).all()
    found = predictions(known, shares)
    assert found.codes[known.rows].tolist() == known.codes.tolist()
    assert (found.codes == truth).mean() > 0.75
    assert {"title", "how", "reference"} <= set(dir(classifier))


def test_nearest_mean_is_cl2n_by_hand():
    # less the mean (1, 1): (-1, -1), (1, -1), (-1, 1), (1, 1); of length 1: divided by the root of 2
    square = np.array([[0, 0], [2, 0], [0, 2], [2, 2]], np.float32)
    shares = NearestMean().shares(task(square, [0, 3], [0, 1], k=2))
    far = np.exp(-np.array([[0, 4], [2, 2], [2, 2], [4, 0]]))
    assert shares == pytest.approx(far / far.sum(axis=1, keepdims=True))


def test_the_logistic_probe_is_scikit_learns():
    from sklearn.linear_model import LogisticRegression

    vectors, _ = clouds(far=1.0)
    known = task(vectors, [0, 1, 40, 41, 80, 81], [0, 0, 1, 1, 2, 2])
    centred = vectors - vectors.mean(axis=0)
    space = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    probe = LogisticRegression(C=3.0, max_iter=500).fit(space[known.rows], known.codes)
    ours = CLASSIFIERS.parse("logistic:strength=3").shares(known)
    assert ours == pytest.approx(probe.predict_proba(space), abs=1e-4)


@pytest.mark.parametrize("alpha", [0.2, 0.95])
def test_propagation_is_scikit_learns_label_spreading_on_the_same_affinity(alpha):
    from sklearn.semi_supervised import LabelSpreading

    vectors, _ = clouds(far=1.5)
    known = task(vectors, [0, 40, 41, 80], [0, 1, 1, 2], k=8)
    weights = affinity(known.indices, known.distances).toarray()
    y = np.full(len(vectors), -1)
    y[known.rows] = known.codes
    oracle = LabelSpreading(kernel=lambda *_: weights.copy(), alpha=alpha, max_iter=5000, tol=1e-9).fit(vectors, y)
    ours = Propagation(k=8, alpha=alpha).shares(known)
    assert ours == pytest.approx(oracle.label_distributions_, abs=1e-4)


def test_propagation_solves_its_equation():
    vectors, _ = clouds(n=12)
    known = task(vectors, [0, 12, 24], [0, 1, 2], k=6)
    weights = affinity(known.indices, known.distances).toarray()
    roots = np.sqrt(weights.sum(axis=1))
    given = np.zeros((36, 3))
    given[known.rows, known.codes] = 1
    exact = np.linalg.solve(np.eye(36) - 0.9 * weights / np.outer(roots, roots), given)
    ours = Propagation(k=6, alpha=0.9).shares(known)
    assert ours == pytest.approx(exact / exact.sum(axis=1, keepdims=True), abs=1e-4)


def test_affinity_by_hand():
    # 0 and 1 are copies; 2 is at 2 from both and at 1 from 3
    line = np.array([[0], [0], [2], [3]], np.float32)
    indices, distances = nearest(line, "euclidean", 2)
    weights = affinity(indices, distances).toarray()
    assert (weights == weights.T).all()
    assert weights.diagonal().tolist() == [0, 0, 0, 0]
    assert weights[0, 1] == 1
    assert weights[0, 2] == pytest.approx(np.exp(-1))  # 4 / (2 * 2)
    assert weights[2, 3] == pytest.approx(np.exp(-1 / (2 * 3)))
    assert weights[0, 3] == pytest.approx(np.exp(-9 / (2 * 3)))


def test_what_no_label_reaches_has_no_prediction():
    vectors = np.array([[0], [1], [2], [100], [101], [102]], np.float32)
    known = task(vectors, [0, 2], [0, 1], k=2)
    found = predictions(known, Propagation(k=2).shares(known))
    assert found.codes[[3, 4, 5]].tolist() == [NONE] * 3
    assert found.margin[[3, 4, 5]].tolist() == [0, 0, 0]
    assert (found.codes[:3] != NONE).all()


def test_labels_of_one_class_are_refused():
    vectors = clouds()[0]
    with pytest.raises(InputError, match="two classes or more"):
        task(vectors, [0, 1], [0, 0])
    indices, distances = nearest(vectors, "euclidean", 3)
    with pytest.raises(InputError, match="one label"):
        Task(vectors, "euclidean", indices, distances, np.array([1, 1], np.int32), np.array([0, 1], np.int32), 2)


def test_names_of_classes_are_in_alphabetical_order():
    vectors = clouds()[0]
    indices, distances = nearest(vectors, "euclidean", 3)
    space = Embeddings("k", tuple(map(str, range(120))), vectors, "euclidean", "pixels")
    made, names = task_of(space, Neighbors("g", indices, distances, "euclidean"), {80: "b", 0: "c", 41: "a"})
    assert names == ("a", "b", "c")
    assert (made.rows.tolist(), made.codes.tolist()) == ([0, 41, 80], [2, 0, 1])


def test_the_unsure_are_asked_first_and_the_labelled_never():
    found = Predictions(np.zeros(5, np.int32), np.zeros(5), np.array([0.3, 0.0, 1.0, 0.1, 0.3]))
    assert unsure(found, np.array([1], np.int32), 3).tolist() == [3, 0, 4]
    assert ask(
        "uncertainty", found, np.zeros((5, 1), np.float32), "euclidean", np.array([1], np.int32), 1
    ).tolist() == [3]


def test_coverage_goes_to_the_farthest():
    line = np.array([[0], [1], [5], [9], [10]], np.float32)
    # 10 is 10 from 0; then 5 is 5 from both; then 1 and 9 are 1 away
    assert uncovered(line, "euclidean", np.array([0], np.int32), 4).tolist() == [4, 2, 1, 3]
    assert uncovered(line, "euclidean", np.zeros(0, np.int32), 2).tolist()[0] == 2  # the mean is 5
    assert uncovered(line, "euclidean", np.arange(5, dtype=np.int32), 3).tolist() == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "MOST_ASKED", 3)
        sampled = uncovered(line, "euclidean", np.zeros(0, np.int32), 9).tolist()
    assert len(set(sampled)) == 3
    with pytest.raises(InputError, match="way to ask"):
        ask("luck", None, line, "euclidean", np.zeros(0, np.int32), 1)
    assert set(WAYS) == {"uncertainty", "coverage"}


def test_suspects_by_hand():
    # two islands on a line; row 2 lies among the a and is labelled b
    line = np.array([[0], [1], [2], [3], [50], [51], [52], [53]], np.float32)
    labels = np.array(["a", "a", "b", "a", "b", "b", "b", "b"])
    indices = nearest(line, "euclidean", 7)[0]
    found = suspects(labels, indices, k=3)
    assert found.rows.tolist() == [2]
    assert (found.given.tolist(), found.likely.tolist()) == (["b"], ["a"])
    assert (found.share_given.tolist(), found.share_likely.tolist()) == ([0.0], [1.0])
    assert found.n_checked == 8


def test_images_without_a_label_are_no_witnesses_and_no_suspects():
    line = np.array([[0], [1], [2], [3], [50], [51], [52], [53]], np.float32)
    labels = np.array(["a", "", "b", "a", "b", "b", "", "b"])
    found = suspects(labels, nearest(line, "euclidean", 7)[0], k=2)
    assert found.rows.tolist() == [2]
    assert found.n_checked == 6
    with pytest.raises(InputError, match="two classes"):
        suspects(np.array(["a"] * 8), nearest(line, "euclidean", 3)[0])


def test_planted_errors_are_found_in_clouds_that_keep_apart():
    vectors, truth = clouds(n=60, far=6.0)
    wrong = np.random.default_rng(3).choice(len(truth), 9, replace=False)
    labels = truth.copy()
    labels[wrong] = (truth[wrong] + 1) % 3
    found = suspects(labels.astype(str), nearest(vectors, "euclidean", 20)[0])
    assert set(found.rows.tolist()) == set(wrong.tolist())
    assert found.likely.tolist() == truth[found.rows].astype(str).tolist()


def test_the_learning_curve_rises_and_is_honest():
    vectors, truth = clouds(n=30, far=2.0)
    indices, distances = nearest(vectors, "euclidean", 10)
    space = Embeddings("k", tuple(map(str, range(90))), vectors, "euclidean", "pixels")
    graph = Neighbors("g", indices, distances, "euclidean")
    labels = truth.astype(str)
    labels[::9] = ""
    curve = learning_curve(
        NearestMean(), space, graph, labels, [str(i) for i in range(90)], shots=(1, 5, 20, 29), draws=10
    )
    assert [point.shots for point in curve] == [1, 5, 20]  # a class has 26 or 27 labels
    assert [point.n_labels for point in curve] == [3, 15, 60]
    assert curve[0].accuracy < curve[2].accuracy
    for point in curve:
        assert point.lowest <= point.ci95[0] <= point.accuracy <= point.ci95[1]
        assert 0.33 <= point.majority < 0.36
    mixed = np.random.default_rng(0).permutation(labels)
    blind = learning_curve(NearestMean(), space, graph, mixed, [str(i) for i in range(90)], shots=(5,), draws=30)
    assert blind[0].accuracy == pytest.approx(1 / 3, abs=0.08)
    with pytest.raises(InputError, match="two classes or more"):
        learning_curve(NearestMean(), space, graph, np.array(["a"] * 90), ["x"] * 90)


def test_copies_of_labelled_images_are_not_asked():
    vectors, truth = clouds(n=4)
    indices, distances = nearest(vectors, "euclidean", 5)
    space = Embeddings("k", tuple(map(str, range(12))), vectors, "euclidean", "pixels")
    graph = Neighbors("g", indices, distances, "euclidean")
    copies = [str(code) for code in truth]  # every image of a class is the same picture
    curve = learning_curve(NearestMean(), space, graph, truth.astype(str), copies, shots=(1,), draws=3)
    assert np.isnan(curve[0].accuracy)
