"""The duplicates page: groups of copies with a picture to keep, a workbench for the thresholds, and the export."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import streamlit as st

from imgsim import duplicates as core
from imgsim import images
from imgsim.errors import ImgsimError
from imgsim.plots.duplicates import threshold_figure
from imgsim.types import Collection
from imgsim.ui import gallery, maps, pair_state, progress
from imgsim.ui.charts import chart
from imgsim.ui.duplicates_state import ADDRESS, BITS, POINTS, DuplicatesView
from imgsim.ui.jobs import manager
from imgsim.ui.left_out import none_readable
from imgsim.ui.progress import plain

CANDIDATES = 5
A_PAGE = 10  # groups
MOST_PICTURES = 60  # shown of one group
KINDS = {"exact": "the same file contents", "near": "near copies", "transformed": "transformed copies"}


@dataclass(frozen=True, eq=False)
class Scene:
    """What all parts of the page speak of."""

    view: DuplicatesView
    key: str
    collection: Collection
    scored: core.Scored
    facts: dict[int, core.Facts]
    decision: core.Decision

    @property
    def kept(self) -> list[int]:
        """The suggestion for each group, or what the person has picked instead."""
        picked = st.session_state.get(f"keep_{self.key[:12]}", {})
        suggested = core.chosen(self.decision.groups, self.facts)
        return [
            next((row for row in group.rows if picked.get(row)), best)
            for group, best in zip(self.decision.groups, suggested, strict=True)
        ]


def sidebar(view: DuplicatesView) -> None:
    """Choose the collection and the thresholds; each change goes into the URL."""
    titles = {card.source: card.title for card in maps.pipeline().collections()}
    titles.setdefault(view.collection, view.collection)
    st.session_state.update(dup_collection=view.collection, dup_bits=view.bits, dup_points=view.points)
    st.selectbox("Collection", list(titles), key="dup_collection", format_func=lambda s: titles[s], on_change=_changed)
    st.slider(
        "Near: hash bits that may differ",
        *BITS,
        key="dup_bits",
        on_change=_changed,
        help="Of 256. Unlike pictures differ in about 128; fewer bits are stricter.",
    )
    st.slider(
        "Transformed: points that must agree",
        *POINTS,
        key="dup_points",
        on_change=_changed,
        help="Keypoints that one mapping explains, where most of the picture agrees too; more points are stricter.",
    )


def _changed() -> None:
    chosen = {name: st.session_state[f"dup_{name}"] for name in ("collection", "bits", "points")}
    view = ADDRESS.read()[0]
    if chosen["collection"] != view.collection:
        chosen |= {"copy": "", "other": ""}
    ADDRESS.update(**chosen)


def scene(view: DuplicatesView) -> Scene | None:
    """What the job has found; until it is done, the job is on the page."""
    if _none_readable(view.collection):
        return None
    arguments = {"source": view.collection, "candidates": CANDIDATES}
    found = progress.result_of("duplicates", arguments, "Looking for copies")
    if found is None:
        return None
    try:
        key = maps.pipeline().collection_key(view.collection)
    except ImgsimError as error:
        st.error(plain(str(error)))
        return None
    if key is None:
        manager().submit("duplicates", arguments, "Looking for copies", progress.session())
        st.rerun()
    facts = {int(row): core.Facts(*one) for row, one in found["facts"].items()}
    scored = _scored(key)
    return Scene(view, key, maps.pipeline().load_collection(key), scored, facts, core.decide(scored, view.thresholds))


def _none_readable(source: str) -> bool:
    """Whether a collection that is already scanned has no picture; then it is said, with the files that were tried."""
    try:
        key = maps.pipeline().collection_key(source)
    except ImgsimError:
        return False  # the job says what is wrong
    collection = None if key is None else maps.pipeline().load_collection(key)
    if collection is None or len(collection):
        return False
    none_readable(collection)
    return True


@lru_cache(maxsize=4)
def _scored(key: str) -> core.Scored:
    pipeline = maps.pipeline()
    return core.score_pairs(pipeline, pipeline.load_collection(key), CANDIDATES)


def summary(scene: Scene) -> None:
    """How many copies there are, and what was not looked at."""
    groups = scene.decision.groups
    n = sum(len(group.rows) - 1 for group in groups)
    kinds = ", ".join(
        f"{count:,} of {KINDS[kind]}" for kind in KINDS if (count := sum(group.kind == kind for group in groups))
    )
    if groups:
        st.markdown(
            f"**{n:,} of {len(scene.collection):,} pictures are copies of another**, "
            f"in {len(groups):,} groups: {kinds}."
        )
    else:
        n_pictures = len(scene.collection)
        none = f"No copies among {n_pictures:,} pictures at these thresholds."
        st.info(
            "A single picture has no copies here; add some, or choose another collection." if n_pictures < 2 else none
        )
    notes = ["A group is everything that is directly like one picture of it; nothing is chained."]
    if scene.scored.plain.any():
        notes.append(f"{int(scene.scored.plain.sum()):,} pictures are too plain for the hash.")
    if scene.scored.skipped:
        notes.append(f"{scene.scored.skipped:,} candidates were not checked point by point; there were too many.")
    st.caption(" ".join(notes))


def groups(scene: Scene) -> None:
    """Ten groups at a time; a click on a picture keeps it instead."""
    found, kept = scene.decision.groups, scene.kept
    if not found:
        return
    n_pages = -(-len(found) // A_PAGE)
    page = int(st.number_input("Page of groups", 1, n_pages, key="dup_page", width=140)) if n_pages > 1 else 1
    st.caption(
        "Marked KEEP is the largest picture, of equal ones the sharpest. Click another one to keep that instead."
    )
    for number in range((page - 1) * A_PAGE, min(page * A_PAGE, len(found))):
        group, keep = found[number], kept[number]
        st.markdown(f"**Group {number + 1}**: {len(group.rows)} pictures, {KINDS[group.kind]}")
        name = f"dup_group_{number}"
        gallery.gallery(
            [_picture(scene, row, keep) for row in _shown(group.rows, keep)],
            key=name,
            verb="Keep this one",
            on_pick=lambda name=name, rows=group.rows: _keep(scene.key, name, rows),  # type: ignore[misc]
        )
        if len(group.rows) > MOST_PICTURES:
            st.caption(f"{len(group.rows) - MOST_PICTURES:,} more are in the export.")


def _shown(rows: tuple[int, ...], keep: int) -> list[int]:
    return [keep, *(row for row in rows if row != keep)][:MOST_PICTURES]


def _picture(scene: Scene, row: int, keep: int) -> gallery.Picture:
    one, id = scene.facts.get(row), scene.collection.ids[row]
    kept = row == keep
    explain = {} if kept else pair_state.params(scene.view.collection, scene.collection.ids[keep], id)
    size = f"{one.width} x {one.height}" if one else ""
    src = gallery.thumbnail_url(scene.key, row)
    return gallery.Picture(row, id, src, ("KEEP" if kept else "copy", size), id, explain)


def _keep(key: str, name: str, rows: tuple[int, ...]) -> None:
    row = gallery.picked(name)
    if row in rows:
        picked = st.session_state.setdefault(f"keep_{key[:12]}", {})
        picked.update({other: other == row for other in rows})


def workbench(scene: Scene) -> None:
    """The distributions with the thresholds, pairs to judge, and what the judgements say."""
    one, view = scene.scored, scene.view
    bits, points = one.bits[(one.turn == 0) & (one.bits <= 256)], one.points[one.points > 0]
    left, right = st.container(key="dup_charts").columns(2, gap="medium")
    with left:
        if len(bits):
            figure = threshold_figure(
                bits.tolist(), view.bits + 0.5, "bits that differ, of 256", "How alike are the hashes?", "copies: left"
            )
            chart(figure, key="dup_bits_chart")
    with right:
        if len(points):
            figure = threshold_figure(
                points.tolist(), view.points - 0.5, "points that agree", "How many points agree?", "copies: right"
            )
            chart(figure, key="dup_points_chart")
    if len(one.pairs):
        _judge(scene)
    else:
        st.info("No two pictures here are alike enough to be judged.")


def _judge(scene: Scene) -> None:
    """The pair nearest to the thresholds that was not judged yet; then precision and recall so far."""
    said: dict[tuple[int, int], bool] = st.session_state.setdefault(f"judged_{scene.key[:12]}", {})
    pairs = [tuple(pair) for pair in scene.scored.pairs.tolist()]
    place = next((p for p in _order(scene).tolist() if pairs[p] not in said), None)
    st.markdown("**Are these two copies of one picture?** Pairs nearest to the thresholds come first.")
    if place is None:
        st.caption("Every candidate pair is judged.")
    else:
        pair: Any = pairs[place]
        gallery.gallery([_picture_of_pair(scene, row) for row in pair], key="dup_pair", size=220)
        with st.container(horizontal=True):
            st.button("Yes", key="dup_yes", on_click=said.__setitem__, args=(pair, True))
            st.button("No", key="dup_no", on_click=said.__setitem__, args=(pair, False))
    if said:
        accepted = {(pair.a, pair.b) for pair in scene.decision.pairs}
        st.markdown(told(core.judged_at([pair in accepted for pair in said], list(said.values()))))


def _picture_of_pair(scene: Scene, row: int) -> gallery.Picture:
    id = scene.collection.ids[row]
    return gallery.Picture(row, id, gallery.image_url(scene.key, row), (id,), about=id)


def _order(scene: Scene) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Places of pairs, the doubtful first: a bit weighs as much as a point."""
    one, view = scene.scored, scene.view
    by_bits = np.where((one.turn == 0) & (one.bits <= 256), np.abs(one.bits - view.bits), 999)
    by_points = np.where(one.points > 0, np.abs(one.points - view.points), 999)
    return np.asarray(np.argsort(np.minimum(by_bits, by_points), kind="stable"), np.int64)


def told(one: core.Judged) -> str:
    """Precision and recall in a sentence."""
    parts = []
    for name, value, interval in (
        ("precision", one.precision, one.precision_ci),
        ("recall", one.recall, one.recall_ci),
    ):
        known = value is not None and interval is not None
        parts.append(
            f"{name} {value:.2f} (95 %: {interval[0]:.2f} to {interval[1]:.2f})"
            if known and interval
            else f"{name} not known yet"
        )
    return f"At these thresholds, over {one.n} judged pairs: {', '.join(parts)}. Doubtful pairs are over-represented."


def export(scene: Scene) -> None:
    """The decisions as a table and, for files, as a script."""
    found, kept, ids = scene.decision.groups, scene.kept, scene.collection.ids
    if not found:
        st.info("Nothing to export: there are no groups at these thresholds.")
        return
    facts = {row: scene.facts.get(row, core.Facts(0, 0, 0.0)) for group in found for row in group.rows}
    st.caption("imgsim deletes nothing. The script moves copies into a folder, without overwriting; read it first.")
    with st.container(horizontal=True):
        table = core.as_csv(found, kept, facts, ids)
        st.download_button("Decisions as CSV", table, "duplicates.csv", "text/csv", on_click="ignore", key="dup_csv")
        if scene.collection.source.startswith("builtin:"):
            st.caption("These pictures are drawn, so there are no files to move.")
        else:
            script = core.as_script(found, kept, ids, lambda id: images.path_of(scene.collection, id))
            st.download_button(
                "Shell script",
                script.encode("utf-8", "surrogateescape"),
                "move_copies.sh",
                "text/x-shellscript",
                on_click="ignore",
                key="dup_script",
            )
