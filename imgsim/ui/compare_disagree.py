"""The disagreement browser: the images whose neighbourhoods two methods share least and most."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import streamlit as st

from imgsim.evaluation.agreement import neighbor_overlap
from imgsim.types import Ints
from imgsim.ui import compare_state, gallery
from imgsim.ui.compare import Scene, focus_on
from imgsim.ui.compare_find import method_rows, spaces
from imgsim.ui.compare_maps import Shown
from imgsim.ui.held import Held
from imgsim.ui.picture_rows import Row, item, picture_rows
from imgsim.ui.progress import plain

K = 10
SHOWN = 16
_KEY = "compare_disagree"
Doubles = npt.NDArray[np.float64]


def section(scene: Scene) -> None:
    """Choose two methods; the images they agree on least and most; both neighbourhoods of the one in focus."""
    if len(scene.collection) < 3:
        st.info("Two methods can disagree on a neighbourhood from three images on.")
        return
    if len(spaces(scene.shown)) < 2:
        st.info("All maps that are ready show one and the same space; choose another method on the left.")
        return
    first, second = choose_pair(scene)
    share = overlap(first, second)
    k = min(K, len(scene.collection) - 1)
    order = np.argsort(share, kind="stable")
    rows = [
        _row(scene, "They agree least", share, order[:SHOWN], k),
        _row(scene, "They agree most", share, order[::-1][:SHOWN], k),
    ]
    st.caption(
        f"On average {100 * share.mean():.0f} % of an image's {k} nearest are the same by both; by chance it would be "
        f"{100 * k / (len(share) - 1):.1f} %. Click an image to see both neighbourhoods."
    )
    picture_rows(rows, key=_KEY, size=72, on_pick=lambda: _picked(scene))
    if scene.focus is not None:
        st.markdown(f"**{plain(scene.collection.ids[scene.focus])}**: what each finds")
        method_rows(scene, [first, second], scene.focus, key=f"{_KEY}_near")


def choose_pair(scene: Scene, of_two_spaces: bool = True) -> tuple[Shown, Shown]:
    """Two pickers over the panels; gives the pair of the view, if asked for one of two spaces."""
    first, second = _two_spaces(scene) if of_two_spaces else scene.pair
    told = {one.number: f"{one.number + 1}. {one.method if of_two_spaces else one.title}" for one in scene.shown}
    st.session_state["compare_a"], st.session_state["compare_b"] = first.number, second.number
    with st.container(horizontal=True):
        for key, name in (("compare_a", "One"), ("compare_b", "The other")):
            st.selectbox(
                name,
                list(told),
                key=key,
                width=240,
                format_func=lambda number: told[number],
                on_change=_paired,
            )
    return first, second


def _two_spaces(scene: Scene) -> tuple[Shown, Shown]:
    first, second = scene.pair
    if first.result.embeddings.key == second.result.embeddings.key:
        second = next(one for one in scene.shown if one.result.embeddings.key != first.result.embeddings.key)
    return first, second


def _paired() -> None:
    a, b = st.session_state["compare_a"], st.session_state["compare_b"]
    if a != b:
        compare_state.update(pair=f"{a}-{b}")


def overlap(first: Shown, second: Shown) -> Doubles:
    """(N,) share of the k nearest of each image that two methods have in common, 0 to 1."""
    one, other = first.result.neighbors, second.result.neighbors
    return _overlap(one.key, other.key, Held((one.indices, other.indices)))


@lru_cache(maxsize=32)
def _overlap(_first: str, _second: str, graphs: Held[tuple[Ints, Ints]]) -> Doubles:
    return neighbor_overlap(*graphs.value, K)


def _row(scene: Scene, title: str, share: Doubles, rows: npt.NDArray[np.int64], k: int) -> Row:
    items = (
        item(scene.collection_key, scene.collection.ids, int(row), tag=f"{round(k * share[row])} of {k}")
        for row in rows
    )
    return Row(title, "in the corner: how many of the nearest are the same", tuple(items))


def _picked(scene: Scene) -> None:
    row = gallery.picked(_KEY)
    if row is not None:
        focus_on(scene.collection, row)
