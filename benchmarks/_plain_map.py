"""What a person would write instead of the map: Streamlit's own Plotly chart, and the six nearest of a clicked point.

A script for `streamlit run`. Its data are in `plain.npz` in the workspace: `xy` (N, 2), `indices` (N, 6), `label` (N,)
and `pictures` (N, S, S, 3) uint8.
"""

import os
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import streamlit as st


@st.cache_data
def _arrays() -> dict[str, np.ndarray]:
    with np.load(Path(os.environ["IMGSIM_HOME"]) / "plain.npz") as file:
        return dict(file)


@st.cache_resource
def _figure() -> go.Figure:
    data = _arrays()
    marker = {"color": data["label"], "colorscale": "Rainbow", "size": 4}
    trace = go.Scattergl(x=data["xy"][:, 0], y=data["xy"][:, 1], mode="markers", marker=marker)
    return go.Figure(trace, {"height": 600, "dragmode": "pan"})


st.set_page_config(layout="wide")
chosen = st.plotly_chart(_figure(), on_select="rerun", selection_mode="points", key="map")
if points := chosen["selection"]["point_indices"]:
    nearest = _arrays()["indices"][points[0]]
    for column, row in zip(st.columns(6), nearest, strict=True):
        column.image(_arrays()["pictures"][row], width=96)
