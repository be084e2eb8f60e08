"""The map's scripts are named in the first HTML of the pages that have a map."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from imgsim.ui import assets
from imgsim.ui.early import PAGES, EarlyScripts
from imgsim.ui.routes import routes

ROOT = Path(__file__).resolve().parents[1]
HTML = "<html><head><title>é</title></head><body>&lt;/head&gt;</body></html>"


@pytest.fixture
def client() -> TestClient:
    def answer(request: Request) -> Response:
        if "etag" in request.query_params:
            return Response(status_code=304, headers={"content-type": "text/html"})
        if "text" in request.query_params:
            return PlainTextResponse(HTML)
        return HTMLResponse(HTML)

    pages = [Route("/{path:path}", answer)]
    return TestClient(Starlette(routes=[*routes(lambda: None), *pages], middleware=[Middleware(EarlyScripts)]))  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_script_that_a_page_with_a_map_names_is_there(client: TestClient, page: str) -> None:
    answer = client.get(f"/{page}", headers={"accept-encoding": "gzip"})
    assert int(answer.headers["content-length"]) == len(answer.content)
    head = answer.text.split("</head>")[0]
    named = re.findall(r'(?:src|href)="\./(imgsim/[^"]+)"', head)
    assert "imgsim/plotly-2d.js" in named
    assert f"imgsim/ui/{assets.version()}/scatter.js" in named
    assert [client.get(f"/{path}").status_code for path in named] == [200] * len(named)
    assert answer.text.split("</head>")[1] == HTML.split("</head>")[1]


def test_other_pages_and_other_answers_stay_as_they_are(client: TestClient) -> None:
    assert client.get("/methods").text == HTML
    assert client.get("/explore?text=1").text == HTML
    empty = client.get("/explore?etag=1")
    assert (empty.status_code, empty.content) == (304, b"")
    assert client.post("/explore").status_code == 405


def test_the_pages_with_a_map_exist() -> None:
    there = {path.stem for path in (ROOT / "pages").glob("*.py")}
    assert {page or "home" for page in PAGES} <= there
