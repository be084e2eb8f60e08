"""The search page: every kind of query, its states, and what the address keeps."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from imgsim import uploads
from imgsim.errors import ImgsimError
from imgsim.methods import METHODS
from imgsim.pipeline import MapRequest, Pipeline
from imgsim.progress import silent
from imgsim.ui import query_picture, search, search_state
from imgsim.worker import task
from tests.test_pages import folder_of, html_of, open_page, said

METHOD = "color_histogram"


class Done:
    """A manager that does every task at once."""

    def find(self, name: str, arguments: dict[str, Any]) -> Any:
        return None

    def submit(self, name: str, arguments: dict[str, Any], title: str, owner: str = "") -> Any:
        try:
            result = task(name)(arguments, silent)
        except ImgsimError as error:
            return SimpleNamespace(state="failed", alive=False, error=str(error), key="k" * 64)
        return SimpleNamespace(state="done", alive=False, result=result, key="k" * 64)


@pytest.fixture(autouse=True)
def jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "manager", Done)
    monkeypatch.setattr(search.progress, "wait_for", lambda job, *_: search.st.error(getattr(job, "error", "")))


@pytest.fixture
def source(tmp_path: Path) -> str:
    """Twelve pictures in two folders, with a map by PCA."""
    folder = folder_of(tmp_path / "set", [f"{'cats' if n % 2 else 'dogs'}/{n}.png" for n in range(12)])
    Pipeline().make_map(MapRequest(folder, METHOD, "pca"))
    return folder


def open_search(source: str, **params: str):
    return open_page("search", **{"collection": source, "methods": METHOD, "map": "pca", **params})


def param(app: Any, name: str) -> str:
    value = app.query_params[name]
    return value if isinstance(value, str) else value[0]


def png(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def test_before_a_query_there_are_pictures_to_begin_with(source: str) -> None:
    app = open_search(source)
    assert "begin with one of these" in said(app)
    assert "12 pictures" in said(app)
    assert "Nearest" not in said(app)


def test_an_image_of_the_collection_is_left_out_of_its_answer(source: str) -> None:
    app = open_search(source, image="cats/3.png")
    assert "**Nearest 11** of 11" in said(app)
    assert "100 random pairs" in said(app)
    assert "thick ring is the query" in said(app)


def test_an_upload_finds_its_copy_and_is_placed_on_the_map(source: str) -> None:
    app = open_search(source)
    app.file_uploader(key="search_upload").upload("mine.png", png(3), "image/png").run()
    assert not app.exception
    assert uploads.is_upload(param(app, "image"))
    assert "**Nearest 12** of 12" in said(app)
    assert "diamond is the query" in said(app)


def test_a_broken_upload_is_one_sentence(source: str) -> None:
    app = open_search(source)
    app.file_uploader(key="search_upload").upload("bad.png", b"no picture", "image/png").run()
    assert not app.exception
    assert len(app.warning) == 1
    assert "not an image" in app.warning[0].value
    assert "image" not in app.query_params


def test_words_need_a_method_that_reads(source: str) -> None:
    app = open_search(source, text="a dog")
    assert "cannot read words" in said(app)
    assert "Use " + METHODS["conse"].title in {button.label for button in app.button}
    app.text_input(key="search_text").input("").run()
    assert "begin with one of these" in said(app)


def test_filters_that_leave_nothing_say_so(source: str) -> None:
    app = open_search(source, image="cats/3.png", where=json.dumps(["label=dogs"]))
    assert "**Nearest 6** of 6" in said(app)
    app = open_search(source, image="cats/3.png", where=json.dumps(["label=dogs", "width=1..2"]))
    assert "filters leave no picture" in said(app)
    assert app.button(key="search_where_none").click().run().query_params.get("where") is None


def test_a_filter_chosen_in_the_sidebar_stands_in_the_address(source: str) -> None:
    app = open_search(source, image="cats/3.png")
    app.multiselect(key="search_where_label").set_value(["cats"]).run()
    assert param(app, "where") == '["label=cats"]'
    assert "**Nearest 5** of 5" in said(app)


def test_likes_and_dislikes_say_how_they_count(source: str) -> None:
    app = open_search(source, likes=json.dumps(["cats/1.png"]), dislikes=json.dumps(["dogs/0.png"]))
    assert "**Nearest 10** of 10" in said(app)
    assert "rankings of all examples are joined" in said(app)
    assert "More like" in said(app)
    assert "Less like" in said(app)
    Pipeline().make_map(MapRequest(source, "pixels", "pca"))
    app = open_search(source, methods="pixels", likes=json.dumps(["cats/1.png"]))
    assert "Rocchio" in said(app)
    assert "diamond is the query" in said(app)


def test_several_methods_are_fused(source: str) -> None:
    app = open_search(source, methods=f"{METHOD};phash", image="cats/3.png")
    assert "joins the ranks of 2 methods" in said(app)
    assert app.selectbox(key="search_fuse").value == "rrf"


def test_a_region_can_be_taken_back(source: str) -> None:
    app = open_search(source, image="cats/3.png", region="0.1,0.1,0.5,0.5")
    assert "**Nearest 11** of 11" in said(app)
    assert "diamond is the query" in said(app)
    app.button(key="search_whole").click().run()
    assert "region" not in app.query_params
    assert "thick ring is the query" in said(app)


def test_one_image_an_empty_folder_and_nonsense(tmp_path: Path, source: str) -> None:
    assert "only one picture" in said(open_search(folder_of(tmp_path / "one", ["a.png"])))
    (tmp_path / "empty").mkdir()
    assert "no readable picture" in said(open_search(str(tmp_path / "empty")))
    app = open_search(source, image="no/such.png", region="7", fuse="rff", likes="{", weights="1")
    assert "no/such" in said(app)
    assert len(app.warning) == 4
    assert "must be" in said(open_search(str(tmp_path / "gone")))


def test_file_names_are_text(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "odd", ["<img src=x>.png", "*b*.png", "c.png"])
    app = open_search(source, image="<img src=x>.png")
    assert "<img src=x>" not in said(app) + html_of(app)


def test_a_method_that_cannot_run_says_what_to_do(source: str) -> None:
    app = open_search(source, methods="resnet50", image="cats/3.png")
    assert "resnet50" in said(app).lower()
    assert any(button.label.startswith("Fetch the weights") for button in app.button)


def test_what_was_pasted_is_kept_or_refused(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"brought": {"name": "x.png", "data": base64.b64encode(png(1)).decode(), "problem": ""}}
    monkeypatch.setattr(query_picture.st, "session_state", {"k": told})
    assert uploads.is_kept(query_picture.brought("k"))
    for wrong in ({"data": "?"}, {"data": "", "problem": "must have at most 30 MB, got 31 MB"}, {"data": "bm8="}):
        told["brought"] = {"name": "x.png", **wrong}
        with pytest.raises(ImgsimError):
            query_picture.brought("k")
    told["region"] = {"box": [0.25, 0.5, 0.25, 0.5]}
    assert query_picture.region_of("k") == "0.25,0.5,0.25,0.5"
    told["region"] = {"box": None}
    assert query_picture.region_of("k") == ""


def test_a_vote_is_taken_back_by_voting_again() -> None:
    view = search_state.SearchView(likes='["a"]', dislikes='["b"]')
    assert view.votes() == {"a": "like", "b": "dislike"}
    assert view.counts().likes == 0.75
    assert MapRequest(**view.request()).projector == "tsne"


def test_explore_leads_to_a_search_with_the_image_in_focus(source: str) -> None:
    app = open_page("explore", collection=source, method=METHOD, map="pca", image="cats/3.png")
    app.button(key="search_focus").click().run()
    assert not app.exception
    assert "**Nearest 11** of 11 by Colour histogram" in said(app)
    assert param(app, "image") == "cats/3.png"
