"""The agreement matrix: how much of each image's neighbourhood two methods share; a click leads to the images."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from imgsim.plots.comparison import agreement_figure
from imgsim.types import Float
from imgsim.ui import compare_state
from imgsim.ui.compare import Scene
from imgsim.ui.compare_disagree import K, overlap
from imgsim.ui.compare_find import spaces
from imgsim.ui.compare_maps import Shown

_KEY = "compare_matrix"


def section(scene: Scene) -> None:
    """The matrix with what chance gives; a cell opens the images behind it."""
    shown = spaces(scene.shown)
    if len(scene.collection) < 3 or len(shown) < 2:
        st.info("Agreement needs two methods and three images; choose another method on the left.")
        return
    k = min(K, len(scene.collection) - 1)
    figure = agreement_figure(matrix(shown), [one.method for one in shown], f"How many of the {k} nearest are shared?")
    st.plotly_chart(
        figure, key=_KEY, on_select=lambda: _clicked(shown), selection_mode="points", width="content", theme=None
    )
    st.caption(
        f"Share of an image's {k} nearest that two methods have in common, averaged over all images. Two methods that "
        f"know nothing of each other share {100 * k / (len(scene.collection) - 1):.1f} %. Click a cell to see the "
        "images on which the two agree least and most."
    )


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
