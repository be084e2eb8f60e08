"""AUROC, pixel AUROC and PRO: against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from imgsim.errors import InputError
from imgsim.evaluation.auroc import auroc
from imgsim.evaluation.region_overlap import pixel_auroc, region_overlap


def test_auroc_is_scikit_learns_with_ties() -> None:
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(0)
    for _ in range(5):
        truth = random.random(80) < 0.3
        scores = np.round(random.normal(truth * 0.8, 1), 1)
        found = auroc(truth, scores)
        assert found.value == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
        assert found.interval[0] < found.value < found.interval[1]


def test_auroc_and_its_interval_by_hand() -> None:
    found = auroc(np.array([1, 1, 0, 0]), np.array([3.0, 1.0, 2.0, 0.0]))
    # shares: positives 1, 1/2; negatives 1/2, 1; variance = 2 * (1/8) / 2 = 1/8
    assert found.value == 0.75
    assert found.interval == (pytest.approx(0.75 - 1.959964 * 0.125**0.5, abs=1e-5), 1.0)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(1)
    true = 0.7602499  # of unit normals one apart: Phi(1 / sqrt 2)
    truth = np.arange(120) < 50
    inside = [low <= true <= high for _ in range(400) for low, high in [auroc(truth, random.normal(truth, 1)).interval]]
    assert 0.91 < np.mean(inside) < 0.98


def test_perfect_separation_of_few_is_not_said_to_be_certain() -> None:
    found = auroc(np.array([1, 1, 1, 0, 0, 0, 0]), np.arange(7)[::-1].astype(float))
    assert (found.value, found.interval[1]) == (1.0, 1.0)
    assert found.interval[0] == pytest.approx(0.025 ** (1 / 3))


def test_one_kind_alone_is_refused() -> None:
    with pytest.raises(InputError, match="both kinds"):
        auroc(np.zeros(3), np.arange(3.0))


def test_pro_by_hand_weighs_a_small_region_like_a_large_one() -> None:
    mask = np.array([[1, 0, 1, 1], [0, 0, 1, 1]])
    heat = np.array([[0.1, 0.2, 0.9, 0.9], [0.1, 0.2, 0.9, 0.9]])
    # the large region is covered at no false pixel: (0, .5); at .2 the false rate is 2/3, still .5; at .1 all is 1
    assert region_overlap([mask], [heat], most_false=0.5) == pytest.approx(0.5)
    assert region_overlap([mask], [heat], most_false=1.0) == pytest.approx(2 / 3 * 0.5 + 1 / 3 * 0.75)
    assert pixel_auroc([mask], [heat]) == pytest.approx((4 * 3 + 0.5) / (5 * 3))


def test_pro_of_a_perfect_map_is_1_and_of_noise_half_the_limit() -> None:
    mask = np.zeros((64, 64), int)
    mask[10:20, 10:20] = mask[40:44, 30:50] = 1
    assert region_overlap([mask], [mask.astype(float)]) == pytest.approx(1.0, abs=1e-9)
    noise = np.random.default_rng(0).random((64, 64))
    assert region_overlap([mask], [noise]) == pytest.approx(0.15, abs=0.04)
    with pytest.raises(InputError, match="shape of its mask"):
        region_overlap([mask], [noise[:10]])
