"""A small app round the map: `streamlit run tests/browser/map_app/app.py`, `?n=300&panels=2&d=3`."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[2])]

import streamlit as st  # noqa: E402
from fake import Fake  # noqa: E402

from imgsim.ui.routes import routes  # noqa: E402
from imgsim.ui.security import middleware  # noqa: E402

app = st.App(HERE / "main.py", routes=routes(Fake), middleware=middleware())
