"""Agreement of two spaces: hand-computed cases, an independent oracle, perfect and random input, invariances."""

from __future__ import annotations

import numpy as np
import pytest

from imgsim.errors import InputError
from imgsim.evaluation import agreement as ag


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def graph(vectors: np.ndarray, k: int) -> np.ndarray:
    far = ((vectors[:, None] - vectors[None]) ** 2).sum(axis=2)
    np.fill_diagonal(far, np.inf)
    return np.argsort(far, axis=1, kind="stable")[:, :k].astype(np.int32)


def test_overlap_counts_shared_neighbours_whatever_their_order():
    a, b = np.array([[1, 2, 3, 4]]), np.array([[4, 3, 8, 9]])
    assert ag.neighbor_overlap(a, b, 4).tolist() == [0.5]
    assert ag.neighbor_overlap(a, b, 2).tolist() == [0]
    assert ag.neighbor_overlap(a, a, 3).tolist() == [1]
    with pytest.raises(InputError, match="at least 1"):
        ag.neighbor_overlap(a, b, 0)


def test_overlap_by_chance_is_k_of_the_others(random):
    a, b = (graph(random.normal(size=(200, 5)), 10) for _ in range(2))
    null = ag.overlap_null(a, b, 10)
    assert null.mean() == pytest.approx(10 / 199, abs=0.003)
    assert ag.p_value(float(ag.neighbor_overlap(a, a, 10).mean()), ag.overlap_null(a, a, 10)) == 0.01
    assert ag.p_value(float(ag.neighbor_overlap(a, b, 10).mean()), null) > 0.02
    assert ag.p_value(0.0, null) == 1


def test_rank_biased_overlap_by_hand():
    a, b = np.array([[1, 2, 3]]), np.array([[1, 3, 9]])
    # agreement at depths 1, 2, 3: 1, 1/2, 2/3
    wanted = 2 / 3 * 0.5**3 + (1 * 0.5 + 1 / 2 * 0.25 + 2 / 3 * 0.125)
    assert ag.rank_biased_overlap(a, b, 0.5)[0] == pytest.approx(wanted)
    assert ag.rank_biased_overlap(b, a, 0.5)[0] == pytest.approx(wanted)
    assert ag.rank_biased_overlap(a, a)[0] == pytest.approx(1)
    assert ag.rank_biased_overlap(a, a + 10)[0] == 0
    assert ag.rank_biased_overlap(a, np.array([[1, 2, 9]]))[0] > ag.rank_biased_overlap(a, np.array([[9, 2, 3]]))[0]


def naive_hsic(k: np.ndarray, m: np.ndarray) -> float:
    """By U-centring of the Gram matrices (Szekely, Rizzo 2014), not by the formula of the code."""
    n = len(k)

    def centred(g: np.ndarray) -> np.ndarray:
        g = g - np.diag(np.diag(g))
        g = g - (g.sum(0) + g.sum(1)[:, None]) / (n - 2) + g.sum() / ((n - 1) * (n - 2))
        return g - np.diag(np.diag(g))

    return float((centred(k) * centred(m)).sum() / (n * (n - 3)))


@pytest.mark.parametrize("dims", [(3, 4), (40, 50)])
def test_cka_equals_u_centring(random, dims):
    x, y = (random.normal(size=(20, d)) + 3 for d in dims)
    y[:, :3] += 2 * x[:, :3]
    k, m = x @ x.T, y @ y.T
    wanted = naive_hsic(k, m) / np.sqrt(naive_hsic(k, k) * naive_hsic(m, m))
    assert ag.debiased_cka(x, y) == pytest.approx(wanted, rel=1e-9)
    assert ag.debiased_cka(y, x) == pytest.approx(wanted, rel=1e-9)


def test_cka_is_one_for_a_turned_space_and_near_zero_for_an_unrelated_one(random):
    x = random.normal(size=(60, 200))
    turn = np.linalg.qr(random.normal(size=(200, 200)))[0]
    assert ag.debiased_cka(x, 5 * x @ turn + 2) == pytest.approx(1)
    # The plain estimator gives about D / (D + N) = .8 here.
    assert abs(np.mean([ag.debiased_cka(x, random.normal(size=(60, 200))) for _ in range(10)])) < 0.02
    assert np.isnan(ag.debiased_cka(x, np.ones((60, 2))))
    with pytest.raises(InputError, match="same 4 images"):
        ag.debiased_cka(x[:3], x[:3])


def test_distance_correlation_is_spearmans(random):
    from scipy.stats import spearmanr

    p, q = random.integers(0, 20, (2, 100)).astype(float)
    q += p
    assert ag.distance_correlation(p, q) == pytest.approx(spearmanr(p, q).statistic)
    assert ag.distance_correlation(p, np.exp(p)) == pytest.approx(1)
    assert ag.distance_correlation(p, -p) == pytest.approx(-1)
    assert np.isnan(ag.distance_correlation(p, np.ones(100)))


@pytest.mark.parametrize("n_components", [2, 3])
def test_procrustes_undoes_a_turn_a_mirror_a_scale_and_a_shift(random, n_components):
    xy = random.normal(size=(30, n_components)).astype(np.float32)
    turn = np.linalg.qr(random.normal(size=(n_components, n_components)))[0]
    turn[:, 0] *= -np.sign(np.linalg.det(turn))  # a mirror image
    moved = (4 * xy @ turn + 7).astype(np.float32)
    np.testing.assert_allclose(ag.procrustes(moved, xy), xy, atol=1e-4)
    other = random.normal(size=xy.shape).astype(np.float32)
    assert ((ag.procrustes(other, xy) - xy) ** 2).sum() < ((other - xy) ** 2).sum()
    with pytest.raises(InputError, match="one shape"):
        ag.procrustes(xy[1:], xy)


def test_procrustes_turns_as_scipy_does(random):
    from scipy.spatial import procrustes

    xy, other = random.normal(size=(2, 40, 2))
    theirs = procrustes(other, xy)  # both with norm 1, the second shrunk by least squares
    mine = ag.procrustes(xy, other) - other.mean(axis=0)
    np.testing.assert_allclose(mine / np.linalg.norm(mine), theirs[1] / np.linalg.norm(theirs[1]), atol=1e-6)


def test_rank_biased_overlap_is_symmetric_and_near_zero_by_chance(random):
    a, b = (graph(random.normal(size=(200, 5)), 10) for _ in range(2))
    found = ag.rank_biased_overlap(a, b)
    np.testing.assert_allclose(found, ag.rank_biased_overlap(b, a))
    assert 0 <= found.min() <= found.max() < 1
    assert found.mean() == pytest.approx(0.03, abs=0.02)  # about the mean of depth / 199, the first ranks weighing most


def test_measures_do_not_depend_on_the_order_of_the_images(random):
    x, y = random.normal(size=(2, 60, 6))
    y[:, :3] += x[:, :3]
    order = random.permutation(60)
    before, after = (
        [ag.neighbor_overlap(graph(p, 7), graph(q, 7), 7).mean(), ag.debiased_cka(p, q)]
        for p, q in ((x, y), (x[order], y[order]))
    )
    assert before == pytest.approx(after)
