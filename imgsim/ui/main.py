"""The frame of the dashboard: navigation over pages/, the look, and the work in progress."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402

from imgsim.ui import navigation, presenting, progress  # noqa: E402

PAGES = ROOT / "pages"

st.set_page_config(page_title="imgsim", page_icon=str(ROOT / "imgsim" / "ui" / "icon.svg"), layout="wide")
st.html(ROOT / "imgsim" / "ui" / "style.css")
presenting.bar()
st.navigation(
    {
        section: [st.Page(path, title=navigation.title(path), default=path.stem == "home") for path in paths]
        for section, paths in navigation.sections(PAGES).items()
    },
    position="top",
).run()
with st.sidebar:
    progress.running_elsewhere(st.session_state.pop("job_on_page", None))
