"""One query, every method: what each finds near the image in focus, and how far two of them find the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np
import streamlit as st

from imgsim.evaluation.agreement import rank_biased_overlap
from imgsim.pipeline import MapResult
from imgsim.ui import gallery, maps, neighbours, pair_state
from imgsim.ui.compare import Scene, focus_on
from imgsim.ui.compare_maps import Shown
from imgsim.ui.picture_rows import Item, Row, item, picture_rows

K = 12
_KEY = "compare_rows"


def section(scene: Scene) -> None:
    """The rows of the image in focus."""
    if scene.focus is None:
        st.info("Click an image on one of the maps: what every method finds near it appears here, row by row.")
        return
    shown = spaces(scene.shown)
    with st.container(key="compare_found"):
        left, right = st.columns([1, 5], gap="medium")
        left.html(neighbours.focus_card(scene.shown[0].result, scene.focus))
        with right:
            method_rows(scene, shown, scene.focus, key=_KEY)
            if len(shown) > 2:
                _likeness(shown, scene.focus)


def spaces(shown: Sequence[Shown]) -> list[Shown]:
    """The panels with a space of their own: of several maps of one method the first."""
    return list({one.result.embeddings.key: one for one in reversed(shown)}.values())[::-1]


def method_rows(scene: Scene, shown: Sequence[Shown], row: int, key: str) -> None:
    """A row of neighbours a method; hits and misses by the label, and what is in several rows."""
    if len(scene.collection) < 2:
        st.caption("There is no other image in this collection to compare it with.")
        return
    found = [one.result.neighbors.indices[row, :K].tolist() for one in shown]
    n_rows = Counter(other for near in found for other in near)
    rows = [
        Row(one.method, _note(scene, one, row, shown[0] if n else None), _items(scene, one, row, n_rows))
        for n, one in enumerate(shown)
    ]
    picture_rows(rows, key=key, on_pick=lambda: _picked(scene, key))
    st.caption(_legend(scene.label, len(shown)))


def hits(scene: Scene, row: int, near: Sequence[int]) -> list[Literal["hit", "miss", ""]]:
    """Whether each shares the label of the image; "" where there is no label."""
    if scene.label is None:
        return ["" for _ in near]
    labels = scene.collection.field(scene.label).astype(str)
    return ["" if not labels[row] else "hit" if labels[other] == labels[row] else "miss" for other in near]


def shared(first: Sequence[int], second: Sequence[int]) -> int:
    """How many images are in both."""
    return len(set(first) & set(second))


def rbo(one: Shown, other: Shown, row: int) -> float:
    """How far two methods rank the nearest of an image alike, 0 to 1; the first ranks weigh most."""
    first, second = (np.asarray(s.result.neighbors.indices[row : row + 1, :K]) for s in (one, other))
    return float(rank_biased_overlap(first, second)[0])


def _likeness(shown: Sequence[Shown], row: int) -> None:
    """Every row against every other."""
    st.markdown("**How alike do they rank?**")
    told = [{"": one.method, **{other.method: rbo(one, other, row) for other in shown}} for one in shown]
    numbers = {one.method: st.column_config.NumberColumn(one.method, format="%.2f") for one in shown}
    st.dataframe(told, column_config=numbers, hide_index=True)
    st.caption(f"Rank-biased overlap of the {K} nearest: 1 for the same row, 0 when nothing is common; by chance 0.")


def _note(scene: Scene, one: Shown, row: int, first: Shown | None) -> str:
    near = one.result.neighbors.indices[row, :K].tolist()
    marks = hits(scene, row, near)
    parts = [f"{marks.count('hit')} of {len(near)} of the same {scene.label}"] if any(marks) else []
    if first is not None:
        same = shared(near, first.result.neighbors.indices[row, :K].tolist())
        parts.append(f"{same} of {len(near)} also in the first row, rank-biased overlap {rbo(one, first, row):.2f}")
    return " · ".join(parts)


def _items(scene: Scene, one: Shown, row: int, n_rows: Counter[int]) -> tuple[Item, ...]:
    result, ids = one.result, scene.collection.ids
    spec = scene.view.requests()[one.number]["method"]
    near = result.neighbors.indices[row, :K].tolist()
    away = np.asarray(result.neighbors.distances[row, :K])
    marks = hits(scene, row, near)
    return tuple(
        item(
            scene.collection_key,
            ids,
            other,
            mark=mark,
            explain=pair_state.params(scene.view.collection, ids[row], ids[other], spec),
            tag=f"{rank} ×{n_rows[other]}" if n_rows[other] > 1 else str(rank),
            about=_about(scene, result, other, float(distance)),
            said=", ".join(filter(None, [f"rank {rank}", {"hit": "same label", "miss": "other label"}.get(mark, "")])),
        )
        for rank, (other, distance, mark) in enumerate(zip(near, away, marks, strict=True), start=1)
    )


def _about(scene: Scene, result: MapResult, row: int, distance: float) -> str:
    closer = maps.pipeline().percentile(result.embeddings, distance)
    facts = neighbours.facts(scene.collection.record(row))
    return f"{facts}\ndistance {distance:.4g}, closer than {neighbours.percent(closer)} of random pairs"


def _legend(label: str | None, n: int) -> str:
    told = "✓ solid border: the same {0}, ✗ dashed: another {0}. ".format(label.replace("_", " ")) if label else ""
    many = "×2 and more: in so many rows; point at a picture to see it in all. " if n > 1 else ""
    return f"{told}{many}Click a picture to search from it."


def _picked(scene: Scene, key: str) -> None:
    row = gallery.picked(key)
    if row is not None:
        focus_on(scene.collection, row)
