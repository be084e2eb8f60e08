"""The scorecard: how well each method serves a label, what chance gives, and what it costs."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from imgsim.methods import METHODS
from imgsim.plots.comparison import quality_cost_figure
from imgsim.projections import PROJECTORS
from imgsim.scorecard import RANDOM, SHUFFLED
from imgsim.ui import compare_state, progress
from imgsim.ui.charts import chart
from imgsim.ui.compare import Scene

BASELINE = "pixels"  # the last of the methods: its labels are those that are shuffled
CHANCE = (RANDOM, SHUFFLED)
_WITH_INTERVAL = ("map_at_r", "recall_at_1", "recall_at_5", "recall_at_10", "knn_accuracy", "silhouette")
Rows = Sequence[Mapping[str, Any]]
DEFINITION = (
    "Average precision here: an image asks for all others of its label, all other images are ranked, and the "
    "precision at the rank of each one found is averaged; equal distances are one step. mAP is its mean."
)
_HELP = {
    "map": DEFINITION,
    "map_by_chance": "The mAP of the same space when the labels are shuffled.",
    "map_at_r": "As mAP, but only over the R nearest, where R is how many there are to find.",
    "recall_at_1": "How often the nearest image has the same label.",
    "recall_at_5": "How often one of the 5 nearest has the same label.",
    "knn_accuracy": "How often the 5 nearest, the image itself left out, vote for its label.",
    "silhouette": "How compact the classes are and how far apart, by the method's own distance: -1 to 1; chance gives "
    "0 or a little less.",
    "fit_seconds": "What learning from a sample of at most 400 images took; 0 for a method that learns nothing here.",
    "maps": "Of each map on this page the share of an image's 15 nearest that it keeps near.",
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
    "silhouette": "Silhouette",
    "dim": "Numbers",
    "ms_per_image": "ms per image",
    "bytes_per_image": "Bytes",
    "fit_seconds": "Fit (s)",
    "maps": "kNN recall of its maps",
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
    shown = [specs[one.number][0] for one in scene.shown]
    methods = [*dict.fromkeys(spec for spec in shown if spec != BASELINE), BASELINE]
    arguments = {"source": scene.view.collection, "methods": methods, "label": label}
    found = progress.result_of("scores", arguments, f"Scores for {label}")
    return None if found is None else list(found["rows"])


def show(scene: Scene, rows: Rows, label: str) -> None:
    """The table, sorted by mAP; the chart; the download."""
    ordered = sorted(({**row, "maps": _maps(scene, row["method"])} for row in rows), key=lambda row: -row["map"])
    titles = _titles(st.toggle("With all 95 % intervals", key="compare_intervals"))
    columns = {
        name: st.column_config.Column(title, help=_HELP.get(name))
        if name in ("method", "maps")
        else st.column_config.NumberColumn(title, help=_HELP.get(name), format=_format(name))
        for name, title in titles.items()
    }
    st.dataframe([{name: row[name] for name in titles} for row in ordered], column_config=columns, hide_index=True)
    best, chance = next(row for row in ordered if row["method"] not in CHANCE), ordered[0]["map_by_chance"]
    st.caption(
        f"Best for {label.replace('_', ' ')}: {_title(best['method'])} with mAP {best['map']:.3f}; shuffled labels "
        f"give {chance:.3f}. Plain pixels, pixels with the labels shuffled, and random vectors stand in the table as "
        f"baselines. {DEFINITION} Intervals over the {best['n_queries']:,} images that asked."
    )
    st.download_button(
        "Table as CSV", table_csv(ordered), f"scores_{label}.csv", "text/csv", on_click="ignore", key="scores_csv"
    )
    real = [row for row in ordered if row["method"] not in CHANCE]  # which cost nothing
    names = [_title(row["method"]) for row in real]
    chart(quality_cost_figure(real, names, "What does quality cost?"), key="quality_cost")
    _faithfulness(scene)


def _titles(intervals: bool) -> dict[str, str]:
    """Column names and titles; with the ends of every interval behind its measure, if asked."""
    found: dict[str, str] = {}
    for name, title in _TITLES.items():
        found[name] = title
        if intervals and name in _WITH_INTERVAL:
            found |= {f"{name}_low": f"{title} from", f"{name}_high": "to"}
    return found


def _faithfulness(scene: Scene) -> None:
    """What each map of the page keeps of its space, beside what a random map would."""
    st.markdown("**How faithful is each map?**")
    told = [
        {
            "Map": one.title,
            "kNN recall": one.result.faithfulness.knn_recall,
            "by chance": one.result.faithfulness.k / (len(scene.collection) - 1),
            "Trustworthiness": one.result.faithfulness.trustworthiness,
            "Continuity": one.result.faithfulness.continuity,
        }
        for one in scene.shown
    ]
    numbers = {name: st.column_config.NumberColumn(name, format="%.3f") for name in told[0] if name != "Map"}
    st.dataframe(told, column_config=numbers, hide_index=True)
    st.caption("1 is perfect. A random map has a trustworthiness and a continuity of about 0.5.")


def _title(method: str) -> str:
    return method if method in CHANCE else METHODS.parse(method).title


def _maps(scene: Scene, method: str) -> str:
    """`t-SNE 0.85, PCA 0.31`: of each map of the method on the page how much it keeps near."""
    specs = scene.view.specs()
    mine = [one.result for one in scene.shown if specs[one.number][0] == method]
    kept = [(PROJECTORS[one.projection.projector].title, one.faithfulness.knn_recall) for one in mine]
    return ", ".join(f"{title} {recall:.2f}" for title, recall in kept)


def table_csv(rows: Rows) -> str:
    """The rows as CSV with their names as header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _format(name: str) -> str:
    return {"dim": "%d", "bytes_per_image": "%d", "ms_per_image": "%.2f", "fit_seconds": "%.2f"}.get(name, "%.3f")
