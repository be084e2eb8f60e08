"""Which method survives what? Measured over a sample of the collection: a heat map, curves and the table as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from imgsim.images.transformations import TRANSFORMATIONS, Transformation
from imgsim.plots.robustness import curve_figure, heat_map_figure, survival
from imgsim.robustness import N_IMAGES, family_field, table_csv
from imgsim.ui import progress
from imgsim.ui.charts import chart
from imgsim.ui.compare_maps import Shown
from imgsim.ui.jobs import manager
from imgsim.ui.robustness_state import RobustView

RECALL, ALIKE, CLOSER = "Recall@1", "Similarity", "Percentile"
_VALUES = {RECALL: "recall_at_1", ALIKE: "similarity", CLOSER: "percentile"}
_QUESTIONS = {
    RECALL: "until when is the original found first?",
    ALIKE: "how does the similarity fall?",
    CLOSER: "how close does it stay?",
}
_AXES = {
    RECALL: "share of the pictures",
    ALIKE: "mean similarity",
    CLOSER: "% of random pairs beyond",
}


def section(view: RobustView, shown: Sequence[Shown]) -> None:
    """A button for the measurement, its job, then what it found."""
    collection = shown[0].result.collection
    st.subheader("Which method survives what?", anchor=False)
    if len(set(collection.hashes)) < 2:
        st.info("This needs two different pictures: each must be told from another. Add pictures to the collection.")
        return
    specs = [view.specs()[one.number] for one in shown]
    arguments = {
        "source": view.collection,
        "methods": specs,
        "n_images": min(N_IMAGES, len(collection)),
        "same": family_field(collection),
    }
    told = _measured(arguments)
    if told is not None:
        show(view, told, {spec: one.method for spec, one in zip(specs, shown, strict=True)})


def _measured(arguments: dict[str, Any]) -> Mapping[str, Any] | None:
    """What the job found; until then a button, then the job."""
    job = manager().find("robustness", arguments)
    if job is not None and job.state == "done":
        return job.result
    if job is None or not job.alive:
        if job is not None and job.state == "failed":
            st.error(progress.plain(progress.sentence(job.error)))
        st.caption(
            f"{arguments['n_images']} pictures or fewer, drawn at random, go through every transformation at 1 to 6 "
            "strengths and look for their originals. Classical methods take seconds to a minute, large networks "
            "several minutes; what was measured once is kept."
        )
        if not st.button("Measure over the collection", type="primary", key="robustness_measure"):
            return None
        job = manager().submit("robustness", arguments, "What the methods are blind to", progress.session())
    progress.wait_for(job)
    return None


def show(view: RobustView, told: Mapping[str, Any], names: Mapping[str, str]) -> None:
    """The heat map, the curves of the transformation of the view, the baseline and the download."""
    rows, kinds = told["points"], list(TRANSFORMATIONS)
    titles = [TRANSFORMATIONS[kind].title for kind in kinds]
    values = survival(rows, kinds, list(names))
    left, right = st.columns(2, gap="medium")
    with left:
        question = "How often is the original found first?"
        chart(heat_map_figure(values, titles, list(names.values()), question), key="robustness_heat")
        st.caption(
            f"Recall@1 averaged over the strengths of each transformation; {told['n_images']} pictures among "
            f"{told['n_rivals']:,}; guessing gives {told['recall_by_chance']:.3f}."
        )
    with right:
        _curves(told, names, TRANSFORMATIONS[view.kind])
    st.caption(_bands(told, names))
    st.download_button(
        "Table as CSV", table_csv(rows), "robustness.csv", "text/csv", on_click="ignore", key="robustness_csv"
    )


def _curves(told: Mapping[str, Any], names: Mapping[str, str], one: Transformation) -> None:
    mine = [row for row in told["points"] if row["transformation"] == one.id]
    _curve(mine, names, RECALL, one, told["recall_by_chance"])
    by = st.segmented_control("How close", [CLOSER, ALIKE], default=CLOSER, required=True, key="robustness_chart")
    _curve(mine, names, str(by), one, 50.0 if by == CLOSER else None)


def _curve(
    rows: Sequence[Mapping[str, Any]], names: Mapping[str, str], by: str, one: Transformation, chance: float | None
) -> None:
    title = f"{one.title}: {_QUESTIONS[by]}"
    figure = curve_figure(rows, names, _VALUES[by], title=title, x=one.unit, y=_AXES[by], chance=chance)
    chart(figure, key=f"robustness_{by}")


def _bands(told: Mapping[str, Any], names: Mapping[str, str]) -> str:
    known = told["similarity_by_chance"]
    strangers = ", ".join(f"{name} {known[spec]:.2f}" for spec, name in names.items())
    return (
        f"Bands: 95 % intervals over the {told['n_images']} pictures (Wilson for recall@1, bootstrap for the "
        f"similarity). Mean similarity to another picture: {strangers}."
    )
