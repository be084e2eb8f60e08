"""What the first HTML of a page with a map asks for, so that the map's scripts are there when its data is.

Streamlit draws a page only after its own scripts, a web socket and a run of ours; plotly.js, which takes its time to
fetch and start, would begin after all that. Named in the HTML it is fetched in the meantime; early.js starts it.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from imgsim.ui import assets

PAGES = frozenset({"", "explore", "compare", "search", "lessons", "robustness", "few_labels", "train"})  # with a map
_PAGE = re.compile(r"(?:.*/)?([a-z_]*)")
_HEAD = b"</head>"


def tags() -> str:
    """The lines for the head."""
    scripts = [f"./imgsim/ui/{assets.version()}/{name}" for name in assets.FILES if name.endswith(".js")]
    starting = next(path for path in scripts if path.endswith("/early.js"))
    return "".join(
        [
            '<link rel="preload" as="script" href="./imgsim/plotly-2d.js">',
            f'<script type="module" async src="{starting}"></script>',
            *(f'<link rel="modulepreload" href="{path}">' for path in scripts if path != starting),
        ]
    )


class EarlyScripts:
    """Middleware that puts the lines into the HTML of the pages with a map."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if not _has_map(scope):
            await self.app(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]  # to write into it
        start: Message = {}
        body = b""

        async def with_tags(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            if Headers(raw=start["headers"]).get("content-type", "").startswith("text/html"):
                body = body.replace(_HEAD, tags().encode() + _HEAD, 1)
                if body:  # a HEAD or a "not modified" has none, and keeps its length
                    MutableHeaders(raw=start["headers"])["content-length"] = str(len(body))
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self.app({**scope, "headers": plain}, receive, with_tags)


def _has_map(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    page = _PAGE.fullmatch(scope["path"])
    return page is not None and page[1] in PAGES
