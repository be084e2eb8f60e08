"""One map becomes the other: what moves, and the images that leave their neighbours most."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import streamlit as st

from imgsim.evaluation.movement import movement
from imgsim.plots.columns import categories
from imgsim.ui import gallery, maps
from imgsim.ui.compare import Scene, focus_on
from imgsim.ui.compare_disagree import choose_pair
from imgsim.ui.compare_maps import Shown
from imgsim.ui.morph import morph
from imgsim.ui.picture_rows import Row, item, picture_rows

MOST_POINTS = 1500  # that move; more would not be smooth
TRAILS = 15
_KEY = "compare_movers"
Doubles = npt.NDArray[np.float64]


def section(scene: Scene) -> None:
    """Choose two maps; the figure that turns one into the other, and who moves most."""
    if len(scene.collection) < 3 or len(scene.shown) < 2:
        st.info("This needs two maps and three images; add a map on the left.")
        return
    first, second = choose_pair(scene, of_two_spaces=False)
    moved = _movement(first.projection.key, second.projection.key)
    order = np.argsort(-moved, kind="stable")[:TRAILS]
    rows = _drawn(len(moved), order)
    places = [np.asarray(one.projection.xy)[rows] for one in (first, second)]
    trails = np.searchsorted(rows, np.sort(order)).tolist()
    question = "Who leaves its neighbours when one map becomes the other?"
    names = (first.title, second.title)
    morph(places[0], places[1], _codes(scene, rows), trails, names=names, title=question, key="morph")
    st.caption(
        f"Press a button, or move the slider. Lines: the way of the {len(order)} images that move most beyond what "
        "their neighbours do. Where an island goes means nothing; who leaves one does."
        + (f" {MOST_POINTS:,} of {len(moved):,} images are drawn." if len(rows) < len(moved) else "")
    )
    picture_rows([_row(scene, order, moved, first)], key=_KEY, size=76, on_pick=lambda: _picked(scene))


@lru_cache(maxsize=16)
def _movement(first: str, second: str) -> Doubles:
    start, end = (np.asarray(maps.pipeline().load_projection(key).xy) for key in (first, second))
    return movement(start, end)


def _drawn(n: int, movers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The rows to draw: a seeded sample with the movers in it."""
    others = np.setdiff1d(np.random.default_rng(0).permutation(n)[:MOST_POINTS], movers)
    return np.sort(np.concatenate([movers, others[: MOST_POINTS - len(movers)]]))


def _codes(scene: Scene, rows: npt.NDArray[np.int64]) -> list[int] | None:
    if scene.label is None:
        return None
    return [int(code) for code in categories(scene.collection.field(scene.label))[1][rows]]


def _row(scene: Scene, order: npt.NDArray[np.int64], moved: Doubles, first: Shown) -> Row:
    items = (item(scene.collection_key, scene.collection.ids, int(row), tag=f"{moved[row]:.1f}") for row in order)
    return Row("They move most", f"in the corner: how far, beside the radius of {first.title}", tuple(items))


def _picked(scene: Scene) -> None:
    row = gallery.picked(_KEY)
    if row is not None:
        focus_on(scene.collection, row)
