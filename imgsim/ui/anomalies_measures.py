"""How far anomaly scores can be trusted: their spread, the ROC curve, the masks, and what is found by size."""

from __future__ import annotations

import numpy as np
import streamlit as st

from imgsim import anomalies as core
from imgsim.plots.anomalies import histogram_figure, roc_figure, sensitivity_figure
from imgsim.ui import maps
from imgsim.ui.anomalies import Scene
from imgsim.ui.charts import chart


def measures(scene: Scene) -> None:
    """The charts, each with its baseline; without known anomalies the spread alone."""
    found, judged = scene.found, scene.verdict
    _sentences(scene)
    left, right = st.container(key="anomalies_charts").columns(2, gap="medium")
    kinds = {"normal": found.truth == 0, "anomalous": found.truth == 1, "not known": found.truth < 0}
    scores = {name: found.scores[rows] for name, rows in kinds.items() if rows.any()}
    unit = core.DETECTORS[scene.detector].unit
    limit = judged.threshold.value if judged.threshold else None
    with left:
        chart(histogram_figure(scores, unit, limit), key="anomalies_histogram")
    if judged.auroc is None:
        st.caption("Where anomalous and normal pictures are known, it is measured here how well they are told apart.")
        return
    known = found.truth >= 0
    with right:
        rate = judged.threshold.expected if judged.threshold else None
        chart(roc_figure(found.truth[known] == 1, found.scores[known], rate), key="anomalies_roc")
    _sensitivity(scene)


def _sentences(scene: Scene) -> None:
    area = scene.verdict.auroc
    if area is None:
        return
    low, high = area.interval
    st.markdown(
        f"**AUROC {area.value:.3f}** (95 %, DeLong: {low:.3f} to {high:.3f}) over {area.n_positive:,} anomalous and "
        f"{area.n_negative:,} normal pictures; guessing gives .500."
    )
    masks = core.measure_masks(maps.pipeline(), scene.found)
    if masks is not None:
        st.markdown(
            f"**Pixel AUROC {masks.pixel_auroc:.3f}**, guessing gives .500. **PRO {masks.pro:.3f}**, guessing gives "
            f".150. Over {masks.n:,} pictures, {masks.n_marked:,} of them with a true mask."
        )


def _sensitivity(scene: Scene) -> None:
    """Found against a number field of the anomalous pictures, a line for each value of another."""
    found, limit = scene.found, scene.verdict.threshold
    strange = found.rows[found.truth == 1]
    fields = found.collection.fields
    numbers = [n for n, v in fields.items() if v.dtype.kind == "f" and len(np.unique(v[strange])) > 1]
    numbers = [name for name in numbers if np.isfinite(fields[name][strange]).any()]
    if limit is None or not numbers:
        return
    at = numbers.index("lesion_size") if "lesion_size" in numbers else 0
    with st.container(horizontal=True):
        by = str(st.selectbox("Found by", numbers, index=at, key="anomalies_by", width=220))
        others = [n for n, v in fields.items() if n != by and 2 <= len(np.unique(v[strange].astype(str))) <= 8]
        first = others.index("contrast") + 1 if "contrast" in others else 0
        split = st.selectbox("A line for each", ["", *others], index=first, key="anomalies_split", width=220)
    lines = {
        f"{split} {name}".strip() or "all": [(one.middle, one.found.value, *one.found.interval) for one in levels]
        for name, levels in core.sensitivity_by(found, limit, by, str(split or "")).items()
        if levels
    }
    chart(sensitivity_figure(lines, by, limit.expected), key="anomalies_sensitivity")
    st.caption("Bars: 95 % intervals (Wilson). Few pictures stand behind each point.")
