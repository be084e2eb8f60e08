"""Which method fits these copies: a pair that is one, a pair that is none, and how far each method keeps them apart."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import streamlit as st

from imgsim.duplicates.choosing import TRIED, Example, Separation, separations
from imgsim.errors import InputError
from imgsim.methods import METHODS
from imgsim.ui import gallery, maps, neighbours, progress, spaces
from imgsim.ui.duplicates import Scene
from imgsim.ui.duplicates_state import ADDRESS
from imgsim.ui.progress import plain

OFFERED = 24
SIDES = {"copy": "These two are copies", "other": "These two are not"}


def methods(scene: Scene) -> None:
    """The two pairs to choose, and the methods in the order in which they keep them apart."""
    st.markdown("**Give one pair that is a copy and one that is not**, and see which method tells them apart.")
    if len(scene.collection) < 3:
        st.info("Two pairs need three pictures or more; this collection has fewer.")
        return
    pairs = {which: pair_of(scene, which) for which in SIDES}
    for column, (which, pair) in zip(st.columns(2, gap="large"), pairs.items(), strict=True):
        with column:
            _pair(scene, which, pair)
    ready = spaces.ready(scene.view.collection, TRIED)
    if ready is None:
        return
    said = st.session_state.get(f"judged_{scene.key[:12]}", {})
    yes, no = ([pair for pair, judged in said.items() if judged is wanted] for wanted in (True, False))
    try:
        found = separations(maps.pipeline(), ready.embeddings, [pairs["copy"], *yes], [pairs["other"], *no])
    except InputError as error:
        st.warning(plain(progress.sentence(str(error))))
        return
    st.markdown(told(found, 2 + len(said)))
    st.table([_line(one) for one in found], border="horizontal", hide_index=True)
    st.caption(
        "Of the copies the least alike counts, of the others the most alike. Margin: the first's closeness less the "
        "second's, -1 to 1; closeness is logarithmic, .40 is nearer than 99 of 100 random pairs, .60 than 999 of 1,000."
    )


def told(found: Sequence[Separation], n_pairs: int) -> str:
    """Which method to take, and how little so few pairs prove."""
    best = METHODS[found[0].method].title
    proof = (
        f"{n_pairs} pairs prove little: judge more under Thresholds, they count here too."
        if n_pairs < 20
        else f"It rests on {n_pairs} pairs."
    )
    if found[0].margin <= 0:
        return f"**None of these methods keeps the examples apart.** {proof}"
    return f"**{best} keeps the examples farthest apart.** {proof}"


def pair_of(scene: Scene, which: str) -> Example:
    """The rows of a chosen pair, else an example: the surest copy that is not exact, and two unlike pictures."""
    rows = scene.collection.rows
    ids = json.loads(getattr(scene.view, which) or "[]")
    if len(ids) == 2 and all(id in rows for id in ids):
        return rows[ids[0]], rows[ids[1]]
    one = scene.scored
    if which == "copy" and len(one.pairs):
        place = int(np.lexsort((one.bits, -one.points))[0])
        return int(one.pairs[place, 0]), int(one.pairs[place, 1])
    if which == "copy":
        return 0, 1
    linked = {tuple(pair) for pair in one.pairs.tolist()}
    for row in range(len(scene.collection) - 1, 0, -1):
        if (0, row) not in linked and one.first[row] != one.first[0]:
            return 0, row
    return 0, len(scene.collection) - 1


def _pair(scene: Scene, which: str, pair: Example) -> None:
    st.markdown(f"**{SIDES[which]}**")
    gallery.gallery([_picture(scene, row) for row in pair], key=f"dup_pair_{which}", size=170)
    with st.container(horizontal=True):
        for place in (0, 1):
            with st.popover(f"Change the {'first' if place == 0 else 'second'}", key=f"dup_change_{which}_{place}"):
                _choose(scene, which, pair, place)


def _choose(scene: Scene, which: str, pair: Example, place: int) -> None:
    name = f"dup_offer_{which}_{place}"
    text = st.text_input("Find a picture", key=f"{name}_find", placeholder="Words of an id or a field")
    rows = maps.find_rows(scene.key, scene.collection, text)
    shown = rows[np.unique(np.linspace(0, len(rows) - 1, min(OFFERED, len(rows))).astype(int))] if len(rows) else rows
    gallery.gallery(
        [_picture(scene, int(row)) for row in shown],
        key=name,
        size=72,
        verb="Take this one",
        on_pick=lambda: take(scene, name, which, pair, place),
    )
    if not len(rows):
        st.caption(f"No picture has {plain(text)} in its id or fields.")


def take(scene: Scene, name: str, which: str, pair: Example, place: int) -> None:
    """Put the picked picture into a pair."""
    row = gallery.picked(name)
    if row is None or not 0 <= row < len(scene.collection):
        return
    rows = [row if place == 0 else pair[0], row if place == 1 else pair[1]]
    ids = [scene.collection.ids[one] for one in rows]
    ADDRESS.update(**{which: json.dumps(ids, ensure_ascii=False, separators=(",", ":"))})


def _picture(scene: Scene, row: int) -> gallery.Picture:
    id = scene.collection.ids[row]
    return gallery.Picture(row, id, gallery.thumbnail_url(scene.key, row), (id,), id)


def _line(one: Separation) -> dict[str, str]:
    return {
        "Method": METHODS[one.method].title,
        "Copy: closer than": f"{neighbours.percent(one.copies)} of random pairs",
        "No copy: closer than": f"{neighbours.percent(one.others)} of random pairs",
        "Margin": f"{one.margin:+.2f}",
    }
