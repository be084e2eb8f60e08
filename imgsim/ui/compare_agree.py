"""The agreement matrix: how far two methods agree, by three measures; a click on a cell leads to its images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import streamlit as st

from imgsim.plots.comparison import agreement_figure
from imgsim.types import Float
from imgsim.ui import compare_state, progress
from imgsim.ui.charts import chart
from imgsim.ui.compare import Scene
from imgsim.ui.compare_disagree import K, overlap
from imgsim.ui.compare_find import spaces
from imgsim.ui.compare_maps import Shown

_KEY = "compare_matrix"
OVERLAP, CKA, RANKS = "Shared neighbours", "CKA", "Rank correlation"
_VALUES = {OVERLAP: "neighbor_overlap", CKA: "cka", RANKS: "rank_correlation"}
FEWEST = 4  # images that CKA needs
Pairs = Sequence[Mapping[str, Any]]


def section(scene: Scene) -> None:
    """The matrix with what chance gives; a cell opens the images behind it."""
    shown = spaces(scene.shown)
    if len(scene.collection) < 3 or len(shown) < 2:
        st.info("Agreement needs two methods and three images; choose another method on the left.")
        return
    by = str(st.segmented_control("Measure", list(_VALUES), default=OVERLAP, required=True, key="compare_measure"))
    chart = st.container()  # above the job, so that its end does not move it
    pairs = _pairs(scene, shown) if len(scene.collection) >= FEWEST else []
    if by == OVERLAP or pairs is not None:
        values = matrix(shown) if by == OVERLAP else matrix_of(pairs or [], len(shown), _VALUES[by])
        with chart:
            _chart(shown, values, _explained(by, len(scene.collection)))
    if pairs:
        _table(pairs, [one.method for one in shown])


def _chart(shown: list[Shown], values: Float, caption: str) -> None:
    figure = agreement_figure(values, [one.method for one in shown], "How much do two methods agree?")
    chart(figure, key=_KEY, on_select=lambda: _clicked(shown), selection_mode="points", width="content")
    st.caption(caption)


def matrix(shown: list[Shown]) -> Float:
    """(M, M) mean overlap of the neighbourhoods, symmetric, 1 on the diagonal."""
    values = np.eye(len(shown), dtype=np.float32)
    for i in range(len(shown)):
        for j in range(i):
            values[i, j] = values[j, i] = overlap(shown[j], shown[i]).mean()
    return values


def matrix_of(pairs: Pairs, n: int, name: str) -> Float:
    """(M, M) of one measure of the pairs, which come in the order of `combinations`; NaN where it is not known."""
    values = np.eye(n, dtype=np.float32)
    rows, columns = np.triu_indices(n, 1)
    told = [np.nan if pair[name] is None else pair[name] for pair in pairs] or [np.nan] * len(rows)
    values[rows, columns] = values[columns, rows] = told
    return values


def open_cell(shown: list[Shown], cell: tuple[int, int]) -> None:
    """Show the images behind a cell, given as row and column of the matrix."""
    compare_state.update(ask=compare_state.DISAGREE, pair="-".join(str(shown[at].number) for at in cell))


def _pairs(scene: Scene, shown: list[Shown]) -> Pairs | None:
    """All measures of each pair, once their job has found them; until then the job is on the page."""
    specs = scene.view.specs()
    arguments = {"source": scene.view.collection, "methods": [specs[one.number][0] for one in shown], "k": K}
    found = progress.result_of("agreement", arguments, "Agreement of the methods")
    return None if found is None else list(found["pairs"])


def _explained(by: str, n: int) -> str:
    k = min(K, n - 1)
    click = "Click a cell to see the images on which the two agree least and most."
    if by == CKA:
        return f"Linear CKA, debiased: 1 for the same space up to rotation and scale, about 0 by chance. {click}"
    if by == RANKS:
        return (
            "Spearman's correlation of the distances of the same random pairs: 1 for the same order of near and far, "
            f"0 by chance. {click}"
        )
    return (
        f"Share of an image's {k} nearest that two methods have in common, averaged over all images. Two methods that "
        f"know nothing of each other share {100 * k / (n - 1):.1f} %. {click}"
    )


def _table(pairs: Pairs, names: Sequence[str]) -> None:
    """Every number of every pair, with what 99 random matchings of the images gave."""
    low, high = "from", "to (95 %)"
    told = [
        {
            "Methods": f"{names[i]} and {names[j]}",
            OVERLAP: pair["neighbor_overlap"],
            low: pair["neighbor_overlap_ci"][0],
            high: pair["neighbor_overlap_ci"][1],
            "matched at random": pair["null_overlap"],
            "p": pair["p"],
            "Rank-biased overlap": pair["rank_biased_overlap"],
            CKA: pair["cka"],
            RANKS: pair["rank_correlation"],
        }
        for (i, j), pair in zip(combinations(range(len(names)), 2), pairs, strict=True)
    ]
    numbers = [name for name in told[0] if name != "Methods"]
    columns_of = {name: st.column_config.NumberColumn(name, format="%.3f") for name in numbers}
    st.dataframe(told, column_config=columns_of, hide_index=True)
    st.caption(
        "Matched at random: the shared neighbours when one method's images are handed out anew, 99 times. p: the share "
        "of those that share as many, the observation counted with them; .01 is the least it can be."
    )


def _clicked(shown: list[Shown]) -> None:
    event: Any = st.session_state.get(_KEY) or {}
    points = event.get("selection", {}).get("points", [])
    if points:
        i, j = points[0]["customdata"]
        open_cell(shown, (int(i), int(j)))
