"""What a handful of labels says of the rest: accuracy, pictures of each class, the map, the table to take away."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt
import streamlit as st

from imgsim import labelling as core
from imgsim.duplicates.judging import wilson
from imgsim.labelling.files import as_csv
from imgsim.ui import explore, gallery, maps, pair_state, progress
from imgsim.ui.few_labels import Scene, give, says
from imgsim.ui.few_labels_controls import truth_of
from imgsim.ui.jobs import manager
from imgsim.ui.progress import plain
from imgsim.ui.scatter import Panel, scatter

SHOWN = 60
PROJECTOR = "tsne"
NOTHING = "(none)"


def result(one: Scene) -> None:
    """Everything that follows from the labels; a hint until there are two classes."""
    if one.found is None or one.task is None:
        st.info("Label an image of at least two classes under Label; then the rest is labelled here.")
        return
    st.markdown(told(one))
    st.caption(
        "How far ahead a class is says where it is unsure; it is no probability. Images close to no example are "
        "labelled all the same: there is no class for anything else."
    )
    with st.container(key="few_result"):
        left, right = st.columns([5, 4], gap="large")
    with left:
        _pictures(one)
    with right:
        _map(one)
    st.download_button(
        "Labels and predictions as CSV",
        data=lambda: as_csv(one.collection.ids, one.labels, one.found, one.names).encode(errors="surrogateescape"),  # type: ignore[arg-type]
        file_name="labels.csv",
        mime="text/csv",
        on_click="ignore",
        key="few_csv",
    )


def told(one: Scene) -> str:
    """How many images got which class, and how many rightly where the truth is known."""
    assert one.found is not None
    rest = np.delete(one.found.codes, list(one.labels))
    counts = Counter(one.names[code] for code in rest.tolist() if code != core.NONE)
    parts = ", ".join(f"{plain(name)} {count:,}" for name, count in counts.most_common())
    if not len(rest):
        return f"**All {len(one.labels):,} images are labelled**; there is nothing left to tell."
    images = "image" if len(rest) == 1 else "images"
    said = f"**{len(one.labels):,} labels for {len(rest):,} other {images}**: {parts or 'none reached'}."
    missed = int((rest == core.NONE).sum())
    if missed:
        said += f" No label reaches {missed:,}."
    return f"{said} {accuracy(one)}"


def accuracy(one: Scene) -> str:
    """The share of right answers with its interval and baseline, or why there is none."""
    field = truth_of(one.view, one.collection)
    if not field or one.found is None:
        return "How many of them are right is not known: the collection has no true labels."
    truth = one.collection.field(field).astype(str)
    strange = sorted(set(one.names) - set(truth.tolist()))
    if strange:
        return (
            f"How many are right cannot be said: {plain(', '.join(strange))} is no value of {plain(field)}. "
            "Name the classes as that field does, or choose another field."
        )
    asked = [row for row, text in enumerate(truth.tolist()) if row not in one.labels and text in one.names]
    if not asked:
        return "No other image has one of these classes as its true label."
    right = sum(says(one, row) == truth[row] for row in asked)
    low, high = wilson(right, len(asked))
    commonest = int(np.unique(truth[asked], return_counts=True)[1].max())
    return (
        f"Of the {len(asked):,} whose {plain(field)} is one of these, {100 * right / len(asked):.1f} % are right "
        f"(95 %: {100 * low:.1f} to {100 * high:.1f}); always the commonest class: "
        f"{100 * commonest / len(asked):.1f} %."
    )


def _pictures(one: Scene) -> None:
    """The images of one predicted class, the least sure first or last."""
    assert one.found is not None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Predicted class", one.names, key="few_class", format_func=plain, width=200) or one.names[0]
        order = st.segmented_control(
            "Order", ["Least sure first", "Surest first"], default="Least sure first", required=True, key="few_order"
        )
    rows = class_rows(one, name, surest=order == "Surest first")
    if not len(rows):
        st.caption("No other image got this class.")
        return
    near = {code: int(row) for code, row in zip(one.task.codes.tolist(), one.task.rows.tolist(), strict=True)}  # type: ignore[union-attr]
    example = near[one.names.index(name)]
    with st.container(height=430, border=False):
        gallery.gallery(
            [_picture(one, int(row), example) for row in rows[:SHOWN]],
            key="few_predicted",
            size=84,
            verb=f"Right: {name}",
            on_pick=lambda: give("few_predicted", one, name),
        )
    st.caption("A click on a picture says that its prediction is right and makes it a label.")
    if len(rows) > SHOWN:
        st.caption(f"{SHOWN} of {len(rows):,}; the table holds all.")


def class_rows(one: Scene, name: str, surest: bool) -> npt.NDArray[np.int64]:
    """Rows without a label of their own that got a class, by how far it is ahead."""
    assert one.found is not None
    rows = np.flatnonzero(one.found.codes == one.names.index(name))
    rows = rows[~np.isin(rows, list(one.labels))]
    margins = one.found.margin[rows]
    return rows[np.argsort(-margins if surest else margins, kind="stable")]


def _picture(one: Scene, row: int, example: int) -> gallery.Picture:
    assert one.found is not None
    ids = one.collection.ids
    field = truth_of(one.view, one.collection)
    true = str(one.collection.field(field)[row]) if field else ""
    return gallery.Picture(
        row,
        ids[row],
        gallery.thumbnail_url(one.key, row),
        (true or ids[row], f"ahead by {one.found.margin[row]:.2f}"),
        f"predicted {says(one, row)}" + (f", true {true}" if true else ""),
        pair_state.params(one.view.collection, ids[example], ids[row], one.view.method),
    )


def _map(one: Scene) -> None:
    """The map of the space, coloured by what is predicted; a button where it is not drawn yet."""
    assert one.found is not None
    request = {
        "source": one.view.collection,
        "method": one.view.method,
        "projector": PROJECTOR,
        "n_components": 2,
        "seed": 0,
    }
    drawn = maps.find(request)
    if drawn is None:
        job = manager().find("map", request)
        if job is not None and job.alive:
            progress.wait_for(job)
        elif st.button("Draw the map of these images, coloured by prediction", key="few_map_button"):
            progress.wait_for(manager().submit("map", request, "Map of the predictions", progress.session()))
        return
    names = np.array([*one.names, NOTHING])
    column = maps.pipeline().save_column(names[one.found.codes])
    scatter(
        [Panel(explore.title_of(drawn), drawn.projection.key, explore.badge_of(drawn))],
        collection_key=one.key,
        key="few_map",
        height=470,
        color={"kind": "category", "field": f"told:{column}", "title": "predicted"},
    )
