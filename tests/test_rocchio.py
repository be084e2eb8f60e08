"""Rocchio's formula, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from imgsim.errors import InputError
from imgsim.neighbors.rocchio import rocchio

NONE = np.zeros((0, 2), np.float32)
LIKES = np.array([[2, 0], [0, 2]], np.float32)
DISLIKES = np.array([[4, 8]], np.float32)
QUERY = np.array([1, 1], np.float32)


def test_the_formula_by_hand():
    moved = rocchio(QUERY, LIKES, DISLIKES, alpha=1, beta=0.5, gamma=0.25)
    assert moved.tolist() == [1 + 0.5 * 1 - 0.25 * 4, 1 + 0.5 * 1 - 0.25 * 8]
    assert moved.dtype == np.float32


def test_an_absent_part_counts_as_zero():
    assert rocchio(None, LIKES, NONE, beta=1).tolist() == [1, 1]
    assert rocchio(QUERY, NONE, NONE, alpha=3).tolist() == [3, 3]
    assert rocchio(QUERY, NONE, DISLIKES, gamma=0.25).tolist() == [0, -1]


def test_the_usual_weights_are_those_of_the_book():
    assert rocchio(QUERY, LIKES, DISLIKES) == pytest.approx([1 + 0.75 - 0.6, 1 + 0.75 - 1.2])


@pytest.mark.parametrize(
    ("arguments", "weights", "said"),
    [
        ((None, NONE, NONE), {}, "at least one example"),
        ((np.zeros(3, np.float32), LIKES, NONE), {}, "3 and 2 dimensions"),
        ((QUERY, LIKES, NONE), {"gamma": -1}, "at least 0"),
    ],
)
def test_what_cannot_be_is_said(arguments, weights, said):
    with pytest.raises(InputError, match=said):
        rocchio(*arguments, **weights)
