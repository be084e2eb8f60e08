"""The launcher: `streamlit run app.py`. The pages are in pages/, imgsim/ui/main.py navigates over them.

`python -m imgsim app SOURCE` starts it with IMGSIM_SOURCE=SOURCE, which the first page opens on.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402

from imgsim.ui import jobs, network  # noqa: E402
from imgsim.ui.early import EarlyScripts  # noqa: E402
from imgsim.ui.routes import Results, routes  # noqa: E402
from imgsim.ui.security import middleware  # noqa: E402


def results() -> Results:
    """The pipeline of the pages, with the collections it has open; imported when the first picture is asked for."""
    from imgsim.ui import maps

    return maps.pipeline()


network.answer_at_once()
jobs.warm_up()
app = st.App(
    ROOT / "imgsim" / "ui" / "main.py", routes=routes(results), middleware=[*middleware(), Middleware(EarlyScripts)]
)

if __name__ == "__main__":
    app.run()
