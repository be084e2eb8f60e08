"""Labels that may be wrong, and how accuracy grows with the number of labels."""

from __future__ import annotations

import numpy as np
import streamlit as st

from imgsim.errors import InputError
from imgsim.labelling.suspects import Suspects, suspects
from imgsim.plots.labelling import learning_figure
from imgsim.types import Field
from imgsim.ui import gallery, hero, maps, pair_state, progress
from imgsim.ui.charts import chart
from imgsim.ui.few_labels import Scene
from imgsim.ui.few_labels_controls import truth_of
from imgsim.ui.jobs import manager
from imgsim.ui.picture_rows import Row, item, picture_rows
from imgsim.ui.progress import plain
from imgsim.ui.state import View

A_PAGE = 12  # doubtful labels at a time
NEAR = 8
OWN = "Your labels"


def doubts(one: Scene) -> None:
    """The doubtful labels of a field or of the person's own, each with the nearest images."""
    fields = [name for name, values in one.collection.fields.items() if values.dtype.kind != "f"]
    choices = [*([OWN] if one.labels else []), *fields]
    if not choices:
        st.info("There is no label to doubt: the collection has no text field, and nothing is labelled yet.")
        return
    truth = truth_of(one.view, one.collection)
    name = st.selectbox(
        "Labels to check", choices, index=choices.index(truth) if truth in choices else 0, key="few_doubt", width=240
    )
    values = own_labels(one) if name == OWN else one.collection.field(name)
    try:
        found = suspects(values, maps.pipeline().neighbors(one.space).indices)
    except InputError as error:
        st.info(plain(progress.sentence(str(error))))
        return
    st.markdown(
        f"**{len(found.rows):,} of {found.n_checked:,} labels are in doubt**: "
        f"of the {found.k} nearest labelled images of each, at least half have one other label "
        "and at most a fifth have its own."
    )
    st.caption(
        "A doubt is no proof: where a method cannot tell two classes apart, it doubts them all. With one label in "
        "twenty planted wrong, 96 % of the doubts were right on digits, 31 to 37 % on photos of clothes. "
        "Nothing is changed."
    )
    _rows(one, values, found)


def own_labels(one: Scene) -> Field:
    """(N,) the person's labels, "" for none."""
    values = np.full(len(one.collection), "", object)
    for row, name in one.labels.items():
        values[row] = name
    return np.asarray(values.astype(str))


def _rows(one: Scene, values: Field, found: Suspects) -> None:
    graph, ids = maps.pipeline().neighbors(one.space), one.collection.ids
    n_pages = max(1, -(-len(found.rows) // A_PAGE))
    page = int(st.number_input("Page", 1, n_pages, key="few_doubt_page", width=140)) if n_pages > 1 else 1
    shown = []
    for place in range((page - 1) * A_PAGE, min(page * A_PAGE, len(found.rows))):
        row, given = int(found.rows[place]), str(found.given[place])
        near = [
            item(
                one.key,
                ids,
                int(other),
                mark="hit" if values[other] == given else "miss",
                about=f"{ids[other]}: {values[other]}",
                said=str(values[other]),
                explain=pair_state.params(one.view.collection, ids[row], ids[other], one.view.method),
            )
            for other in graph.indices[row, :NEAR]
        ]
        note = (
            f"perhaps {found.likely[place]}: {100 * found.share_likely[place]:.0f} % of its neighbours, "
            f"{100 * found.share_given[place]:.0f} % are {given}"
        )
        shown.append(Row(f"labelled {given}", note, (item(one.key, ids, row, tag="?"), *near)))
    if shown:
        st.caption(
            "First the image in doubt, then the nearest: a tick has the same label, a cross another. A click opens the "
            "picture on the Explore page."
        )
        picture_rows(shown, key="few_doubts", size=72)
        picked = gallery.picked("few_doubts")
        if picked is not None:
            hero.open_in_explore(View(collection=one.view.collection, method=one.view.method, image=ids[picked]))


def curve(one: Scene) -> None:
    """Accuracy against the number of labels, measured on the true labels by a job."""
    field = truth_of(one.view, one.collection)
    if not field:
        st.info("The curve needs true labels: choose a field of true labels on the left, or give the collection one.")
        return
    arguments = {
        "source": one.view.collection,
        "method": one.view.method,
        "classifier": one.view.classifier,
        "label": field,
    }
    job = manager().find("learning_curve", arguments)
    if progress.given_up(job):
        return
    if job is None or not (job.alive or job.state == "done"):
        st.markdown(f"How accurate would 1, 2, 5, 10, 20 labels of each {plain(field)} make it?")
        if not (job is not None or st.button("Measure", key="few_curve", type="primary")):
            return
        job = manager().submit("learning_curve", arguments, f"Learning curve of {field}", progress.session())
    if job.alive:
        progress.wait_for(job)
        return
    points = job.result["points"]
    if not points:
        st.info("No class has two images or more of its own; choose another field.")
        return
    figure = learning_figure(points, job.result["n_classes"])
    chart(figure, key="few_curve_chart")
    st.caption(
        "Each point is the mean of 20 random draws of so many labels of each class; the bar is its 95 % interval, the "
        "dots are the worst and the best draw. Asked are all images without a label, but exact copies of labelled ones."
    )
