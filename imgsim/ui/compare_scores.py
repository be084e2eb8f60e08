"""The scorecard: how well each method serves a label, what chance gives, and what it costs."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from imgsim.methods import METHODS
from imgsim.plots.comparison import quality_cost_figure
from imgsim.ui import compare_state, progress
from imgsim.ui.compare import Scene
from imgsim.ui.compare_find import spaces
from imgsim.ui.jobs import manager

BASELINE = "pixels"
Rows = Sequence[Mapping[str, Any]]
_HELP = {
    "map": "Mean average precision: every image asks for the others of its label, all other images ranked. "
    "Average precision is the mean, over the images to find, of the precision at the rank of each; equal distances "
    "are one step.",
    "map_by_chance": "The mAP of the same space when the labels are shuffled.",
    "map_at_r": "As mAP, but only over the R nearest, where R is how many there are to find.",
    "recall_at_1": "How often the nearest image has the same label.",
    "recall_at_5": "How often one of the 5 nearest has the same label.",
    "knn_accuracy": "How often the 5 nearest, the image itself left out, vote for its label.",
    "ms_per_image": "When the vectors were computed here, decoding included.",
    "bytes_per_image": "What one vector takes.",
}
_TITLES = {
    "method": "Method",
    "map": "mAP",
    "map_low": "from",
    "map_high": "to (95 %)",
    "map_by_chance": "by chance",
    "map_at_r": "MAP@R",
    "recall_at_1": "recall@1",
    "recall_at_5": "recall@5",
    "recall_at_10": "recall@10",
    "knn_accuracy": "kNN accuracy",
    "dim": "Numbers",
    "ms_per_image": "ms per image",
    "bytes_per_image": "Bytes",
    "map_faithful": "Map keeps near",
}


def section(scene: Scene) -> None:
    """Choose a label; the table, the chart and the file."""
    fields = [name for name, values in scene.collection.fields.items() if values.dtype.kind != "f"]
    if not fields or len(scene.collection) < 3:
        st.info("Scores need a label: put the images into folders by class, or a labels.csv beside them.")
        return
    label = scene.view.label if scene.view.label in fields else scene.label or fields[0]
    st.session_state["compare_label"] = label
    st.selectbox("Label", fields, key="compare_label", width=240, on_change=_labelled)
    rows = _rows(scene, label)
    if rows:
        show(scene, rows, label)


def _labelled() -> None:
    compare_state.update(label=st.session_state["compare_label"])


def _rows(scene: Scene, label: str) -> Rows | None:
    """The scores, once their job has found them; until then the job is on the page."""
    specs = scene.view.specs()
    methods = list(dict.fromkeys([*(specs[one.number][0] for one in scene.shown), BASELINE]))
    arguments = {"source": scene.view.collection, "methods": methods, "label": label}
    job = manager().find("scores", arguments)
    if job is not None and job.state == "done":
        return list(job.result["rows"])
    if job is not None and job.state in ("failed", "cancelled") and not progress.failed(job, f"retry_{job.key[:8]}"):
        return None
    progress.wait_for(manager().submit("scores", arguments, f"Scores for {label}", progress.session()))
    return None


def show(scene: Scene, rows: Rows, label: str) -> None:
    """The table, sorted by mAP; the chart; the download."""
    faithful = {one.result.embeddings.method: one.result.faithfulness.knn_recall for one in spaces(scene.shown)}
    told = [{**row, "map_faithful": faithful.get(METHODS.parse(row["method"]).id)} for row in rows]
    ordered = sorted(told, key=lambda row: -row["map"])
    columns = {
        name: st.column_config.Column(title, help=_HELP.get(name))
        if name == "method"
        else st.column_config.NumberColumn(title, help=_HELP.get(name), format=_format(name))
        for name, title in _TITLES.items()
    }
    st.dataframe([{name: row[name] for name in _TITLES} for row in ordered], column_config=columns, hide_index=True)
    best, chance = ordered[0], ordered[0]["map_by_chance"]
    st.caption(
        f"Best for {label.replace('_', ' ')}: {METHODS.parse(best['method']).title} with mAP {best['map']:.3f}; "
        f"shuffled labels give {chance:.3f}. Plain pixels ({BASELINE}) stand in the table as a baseline. Intervals "
        f"over the {best['n_queries']:,} images that asked."
    )
    st.download_button(
        "Table as CSV", table_csv(ordered), f"scores_{label}.csv", "text/csv", on_click="ignore", key="scores_csv"
    )
    names = [METHODS.parse(row["method"]).title for row in ordered]
    st.plotly_chart(quality_cost_figure(ordered, names, "What does quality cost?"), key="quality_cost")


def table_csv(rows: Rows) -> str:
    """The rows as CSV with their names as header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _format(name: str) -> str:
    return {"dim": "%d", "bytes_per_image": "%d", "ms_per_image": "%.2f"}.get(name, "%.3f")
