"""The page of the small app: the map, and what it told Python as text."""

import numpy as np
import streamlit as st
from fake import Fake, collection_key, map_key

from imgsim.ui.scatter import Panel, scatter
from imgsim.ui.selection import selected_rows

st.set_page_config(page_title="map", layout="wide")
query = st.query_params
defaults = {"n": 300, "panels": 1, "d": 2, "cap": 100_000}
n, panels, d, cap = (int(query.get(name, default)) for name, default in defaults.items())
keys = [map_key(n, view, d) for view in range(panels)]
kind = st.radio("colour", ["label", "number", "distortion", "none"], horizontal=True)
color = {"label": {"kind": "category", "field": "label"}, "number": {"kind": "number", "field": "number"}}
xys = [Fake().load_projection(key).xy for key in keys]


@st.fragment
def view() -> None:
    focus = st.session_state.get("focus")
    near = [] if focus is None else np.argsort(((xys[0] - xys[0][focus]) ** 2).sum(1))[1:6].tolist()
    drawn = st.session_state["map"].selection if "map" in st.session_state else []
    rows = selected_rows(drawn, xys, np.arange(n) % 3) if d == 2 else []
    event = scatter(
        [Panel(f"View {i}", key, "trustworthiness .94") for i, key in enumerate(keys)],
        collection_key=collection_key(n),
        key="map",
        height=420,
        color={"kind": "distortion"} if kind == "distortion" else color.get(kind),
        focus=focus,
        neighbors=near,
        selected_rows=rows if n > cap else None,
        most_points=cap,
        landmarks=query.get("landmarks") == "1",
        on_click=lambda: st.session_state.update(focus=st.session_state["map"].click["row"]),
    )
    st.write(f"clicked {event.click} focus {focus} chosen {len(rows)}")


view()
