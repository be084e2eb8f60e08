"""The bar at the top right: the view as a link, dark and light, and presenting; keys for next and back.

It happens in the browser; only presenting runs the page again, so that charts are drawn in large type too. A page takes
part in next and back by giving its buttons the keys `turn_next` and `turn_back`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

_UI = Path(__file__).parent
_KEY = "presenting_bar"
_HTML = """<div class="imgsim-present" role="group" aria-label="View">
<button type="button" data-do="copy" title="Copy the link to this view">Copy link</button>
<button type="button" data-do="theme" title="Change between dark and light">Dark / light</button>
<button type="button" data-do="present"
  title="Large type without controls: key p. Next and back: arrow or page keys">Present</button>
</div>"""


def bar() -> None:
    """Put it on the page."""
    with st.container(key="presenting"):
        _component()(key=_KEY, on_presenting_change=lambda: None)


def on() -> bool:
    """Whether this session is presenting."""
    state = st.session_state.get(_KEY)
    return bool(state and state.get("presenting"))


@lru_cache(maxsize=1)
def _component() -> Callable[..., Any]:
    script, style = ((_UI / f"presenting.{kind}").read_text(encoding="utf-8") for kind in ("js", "css"))
    return st.components.v2.component("imgsim_presenting", html=_HTML, css=style, js=script, isolate_styles=False)
