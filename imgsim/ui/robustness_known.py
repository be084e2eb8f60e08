"""The edits that a collection already holds: which method finds its way home from them, without any waiting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import streamlit as st

from imgsim.pipeline import MapResult
from imgsim.plots.robustness import heat_map_figure, survival
from imgsim.robustness import table_csv
from imgsim.robustness.known_edits import MOST, known_edits, knows_its_edits
from imgsim.ui import maps
from imgsim.ui.charts import chart
from imgsim.ui.compare_maps import Shown
from imgsim.ui.held import Held
from imgsim.ui.robustness_state import RobustView

Rows = Sequence[Mapping[str, Any]]


def section(_: RobustView, shown: Sequence[Shown]) -> None:
    """The heat map of the known edits and the table as a file; nothing where the collection knows none."""
    collection = shown[0].result.collection
    if len(collection) > MOST or not knows_its_edits(collection):
        return
    found = {one.method: _rows(one.result.embeddings.key, Held(one.result)) for one in shown}
    rows = [row for of_method in found.values() for row in of_method]
    kinds = list(dict.fromkeys(row["transformation"] for row in rows))
    st.subheader("The edits that lie in this collection", anchor=False)
    values = survival(rows, kinds, [of_method[0]["method"] for of_method in found.values()])
    question = "How often does an edited picture find its original first?"
    figure = heat_map_figure(values, [kind.replace("_", " ") for kind in kinds], list(found), question)
    chart(figure, key="robustness_known")
    n = sum(row["n_images"] for row in next(iter(found.values())))
    st.caption(
        f"Recall@1 averaged over the strengths; {n:,} edited images, each against the images of all other photos; "
        f"guessing gives {rows[0]['recall_by_chance']:.3f}. Taken from the vectors of the collection: nothing is "
        "transformed anew."
    )
    st.download_button(
        "Known edits as CSV", table_csv(rows), "known_edits.csv", "text/csv", on_click="ignore", key="known_csv"
    )


@lru_cache(maxsize=32)
def _rows(_embeddings: str, held: Held[MapResult]) -> Rows:
    found = known_edits(maps.pipeline(), held.value.collection, [held.value.embeddings])
    return [asdict(row) for row in found]
