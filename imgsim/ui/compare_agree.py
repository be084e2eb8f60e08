"""The agreement matrix: how much of each image's neighbourhood two methods share; a click leads to the images."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import streamlit as st

from imgsim import neighbors
from imgsim.evaluation.agreement import debiased_cka
from imgsim.plots.comparison import agreement_figure
from imgsim.types import Float
from imgsim.ui import compare_state
from imgsim.ui.compare import Scene
from imgsim.ui.compare_disagree import K, overlap
from imgsim.ui.compare_find import spaces
from imgsim.ui.compare_maps import Shown

_KEY = "compare_matrix"
OVERLAP, CKA = "Shared neighbours", "CKA"
CKA_SAMPLE = 2000  # images that CKA looks at


def section(scene: Scene) -> None:
    """The matrix with what chance gives; a cell opens the images behind it."""
    shown = spaces(scene.shown)
    if len(scene.collection) < 3 or len(shown) < 2:
        st.info("Agreement needs two methods and three images; choose another method on the left.")
        return
    by = st.segmented_control("Measure", [OVERLAP, CKA], default=OVERLAP, required=True, key="compare_measure")
    values = matrix(shown) if by == OVERLAP else cka_matrix(shown)
    figure = agreement_figure(values, [one.method for one in shown], "How much do two methods agree?")
    st.plotly_chart(
        figure, key=_KEY, on_select=lambda: _clicked(shown), selection_mode="points", width="content", theme=None
    )
    st.caption(_explained(str(by), len(scene.collection)))


def _explained(by: str, n: int) -> str:
    k = min(K, n - 1)
    click = "Click a cell to see the images on which the two agree least and most."
    if by == CKA:
        return f"Linear CKA, debiased: 1 for the same space up to rotation and scale, about 0 by chance. {click}"
    return (
        f"Share of an image's {k} nearest that two methods have in common, averaged over all images. Two methods that "
        f"know nothing of each other share {100 * k / (n - 1):.1f} %. {click}"
    )


def cka_matrix(shown: list[Shown]) -> Float:
    """(M, M) debiased linear CKA over at most 2,000 images; needs four, else NaN stands."""
    values = np.eye(len(shown), dtype=np.float32)
    for i in range(len(shown)):
        for j in range(i):
            values[i, j] = values[j, i] = _cka(_Space(shown[i]), _Space(shown[j]))
    return values


class _Space:
    """A space that is the same to the cache when its key is."""

    def __init__(self, one: Shown) -> None:
        self.embeddings = one.result.embeddings

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Space) and other.embeddings.key == self.embeddings.key

    def __hash__(self) -> int:
        return hash(self.embeddings.key)

    def sample(self) -> Float:
        """(n, D) the same images of every space, where Euclidean distance orders like the metric."""
        n = len(self.embeddings.vectors)
        rows = np.sort(np.random.default_rng(0).permutation(n)[:CKA_SAMPLE])
        return neighbors.euclidean_view(np.asarray(self.embeddings.vectors[rows]), self.embeddings.metric)


@lru_cache(maxsize=64)
def _cka(one: _Space, other: _Space) -> float:
    x, y = one.sample(), other.sample()
    return debiased_cka(x, y) if len(x) > 3 else float("nan")


def matrix(shown: list[Shown]) -> Float:
    """(M, M) mean overlap of the neighbourhoods, symmetric, 1 on the diagonal."""
    values = np.eye(len(shown), dtype=np.float32)
    for i in range(len(shown)):
        for j in range(i):
            values[i, j] = values[j, i] = overlap(shown[j], shown[i]).mean()
    return values


def open_cell(shown: list[Shown], cell: tuple[int, int]) -> None:
    """Show the images behind a cell, given as row and column of the matrix."""
    compare_state.update(ask=compare_state.DISAGREE, pair="-".join(str(shown[at].number) for at in cell))


def _clicked(shown: list[Shown]) -> None:
    event: Any = st.session_state.get(_KEY) or {}
    points = event.get("selection", {}).get("points", [])
    if points:
        i, j = points[0]["customdata"]
        open_cell(shown, (int(i), int(j)))
