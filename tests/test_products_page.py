"""The products page and `imgsim recommend`: lists, likes, categories, one picture, no pictures, nonsense."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from imgsim.errors import ImgsimError
from imgsim.progress import silent
from imgsim.tasks import spaces as task
from imgsim.types import Collection
from imgsim.ui import gallery, products, products_state, progress
from imgsim.ui.products_state import ADDRESS, ProductsView
from tests.test_cli import answer, refusal
from tests.test_pages import html_of, open_page, said

DEGREES = {"dark/0": 0, "dark/1": 15, "dark/2": 35, "light/3": 90, "light/4": 120}
METHODS = "pixels"


def ramp(degrees: float, seed: int | None = None) -> Pillow.Image:
    """A picture that grows brighter in a direction: by pixels, near directions are near. A seed adds a little noise."""
    y, x = np.mgrid[-1:1:40j, -1:1:40j]
    turn = np.radians(degrees)
    grey = 128 + 60 * (np.cos(turn) * x + np.sin(turn) * y)
    if seed is not None:
        grey += np.random.default_rng(seed).normal(0, 10, grey.shape)
    return Pillow.fromarray(np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2))


class Done:
    """A manager that does the task at once; what fails stays failed."""

    def __init__(self) -> None:
        self.failed: dict[str, str] = {}

    def find(self, name: str, arguments: dict[str, Any]) -> Any:
        assert name == "spaces"
        try:
            task.run(arguments, silent)
        except ImgsimError as error:
            return SimpleNamespace(state="failed", error=str(error), key="k" * 64)
        return None

    def jobs(self) -> list[Any]:
        return []

    def submit(self, *_: Any) -> Any:
        return SimpleNamespace(key="k" * 64)


@pytest.fixture
def shop(tmp_path, monkeypatch) -> str:
    monkeypatch.setattr(progress, "manager", Done)
    folder = tmp_path / "shop"
    for name, degrees in DEGREES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        ramp(degrees).save(f"{folder / name}.png")
    (folder / "dark" / "copy.png").write_bytes((folder / "dark" / "0.png").read_bytes())
    task.run({"source": str(folder), "methods": [METHODS], "graph": False}, silent)
    return str(folder)


def page(source: str, **params: str) -> Any:
    return open_page("products", **{"collection": source, "methods": METHODS, "weights": "5", **params})


def test_an_item_and_what_is_recommended_without_its_copy(shop):
    app = page(shop, item="dark/0.png", diversity="0", k="4")
    assert "Chosen from 4 items." in said(app)  # six pictures less the item and its copy
    assert "2 of 4 have the item's label; by chance 2.4" in said(app)
    assert "in the collection 2 times" in said(app)
    assert "dark/0.png" in html_of(app)
    assert app.slider(key="products_weight_0").value == 5


def test_scope_and_diversity_stand_in_the_address(shop):
    app = page(shop, item="dark/1.png")
    app.segmented_control(key="products_scope").set_value("other").run()
    assert app.query_params["scope"] in ("other", ["other"])
    assert "Chosen from 2 items." in said(app)
    app.slider(key="products_diversity").set_value(80).run()
    assert app.query_params["diversity"] in ("80", ["80"])
    assert not app.exception


def test_likes_and_dislikes_move_between_each_other():
    view = ProductsView(likes='["a","b"]')
    assert products_state.with_id(view, "dislikes", "a") == {"dislikes": '["a"]', "likes": '["b"]'}
    assert products_state.with_id(view, "likes", "a") == {"likes": '["b","a"]', "dislikes": ""}
    assert products_state.without_id(view, "likes", "b") == {"likes": '["a"]'}


def test_a_click_opens_likes_or_dislikes(shop, monkeypatch):
    changes: list[dict[str, Any]] = []
    monkeypatch.setattr(products, "update", lambda **given: changes.append(given))
    monkeypatch.setattr(ADDRESS, "read", lambda: (ProductsView(collection=shop), []))
    monkeypatch.setattr(gallery, "picked", lambda _: 1)
    for does in (products.OPEN, products.LIKE, products.DISLIKE):
        products._clicked("products_list", does)
    id = "dark/1.png"
    assert changes[0]["item"] == id
    assert changes[1]["likes"] == json.dumps([id])
    assert changes[2]["dislikes"] == json.dumps([id])


def test_likes_are_on_the_page_and_an_unknown_one_is_left_out(shop):
    app = page(shop, item="dark/0.png", likes='["light/3.png","gone.png"]', dislikes='["dark/1.png"]')
    assert "**More like**" in said(app)
    assert "**Less like**" in said(app)
    assert "Chosen from 2 items." in said(app)


def test_one_picture_no_picture_no_source_and_nonsense_are_answered_in_words(shop, tmp_path):
    one = tmp_path / "one"
    one.mkdir()
    Pillow.fromarray(np.zeros((30, 30, 3), np.uint8)).save(one / "<b>a.png")
    task.run({"source": str(one), "methods": [METHODS], "graph": False}, silent)
    app = page(str(one))
    assert "the collection has no other picture" in said(app)
    assert "Pick another item" not in said(app)
    empty = tmp_path / "empty"
    empty.mkdir()
    page(str(empty))
    assert "no readable picture" in said(page(str(empty)))
    assert page(str(tmp_path / "none")).error
    app = page(shop, item="gone.png", weights="many", diversity="7000", scope="best")
    told = said(app)
    assert "No item has the id" in told
    for words in ("Weights must be 0 to 10", "Diversity must be 0 to 100", "Scope"):
        assert words in told
    assert "one of them above" in said(page(shop, weights="0"))


def test_why_nothing_is_recommended_is_said(shop):
    rest = json.dumps(["dark/1.png", "dark/2.png", "light/3.png", "light/4.png"])
    assert "all other items are liked or disliked" in said(page(shop, item="dark/0.png", dislikes=rest))
    others = json.dumps(["light/3.png", "light/4.png"])
    told = said(page(shop, item="dark/0.png", dislikes=others, scope="other", category="label"))
    assert "no other item fits that label" in told


def test_closeness_has_its_scale_below_the_list(shop):
    assert "Closeness: 1 the same vector, 0.46 nearer than nine in ten random pairs" in said(page(shop))
    assert "0.20 nearer than nine in ten" in products.scale(10_000)
    assert products.scale(3) == "Closeness: 1 the same vector, 0 as far as any; the weighted mean over the methods."


@pytest.mark.parametrize("broken_alone", [False, True])
def test_files_that_cannot_be_read_are_listed_on_the_pages(shop, tmp_path, broken_alone):
    source = tmp_path / "broken" if broken_alone else tmp_path / "shop"
    source.mkdir(exist_ok=True)
    (source / "no <b>picture.png").write_bytes(b"no picture")
    page(str(source))
    for app in (page(str(source)), open_page("few_labels", collection=str(source), method=METHODS)):
        assert [one.label for one in app.expander if "left out" in one.label] == ["1 file was left out"]


def test_a_collection_without_labels_has_no_category():
    bare = Collection("c", "c", ("a", "b"), ("1", "2"), ("a", "b"), {"width": np.array([1.0, 2.0])})
    wish = ProductsView(scope="same").wish(bare)
    assert (wish.scope, wish.category) == ("any", "")


def test_recommend_on_the_command_line(shop, capsys):
    told = answer(capsys, "recommend", shop, "dark/0.png", "-m", METHODS, "-k", "2", "--category", "label")
    assert told["item"]["id"] == "dark/0.png"
    assert told["n_candidates"] == 4
    assert [row["id"] for row in told["recommendations"]] == ["dark/1.png", "dark/2.png"]
    first = told["recommendations"][0]
    assert {"rank", "id", "path", "score", "closeness", "fields"} <= set(first)
    assert 1 > first["score"] > told["recommendations"][1]["score"] > 0
    assert first["score"] == pytest.approx(first["closeness"][METHODS])
    assert first["fields"]["label"] == "dark"
    other = answer(capsys, "recommend", shop, "dark/0.png", "-m", METHODS, "--scope", "other", "--category", "label")
    assert {row["fields"]["label"] for row in other["recommendations"]} == {"light"}
    assert 0 <= told["variety"] <= 1


def test_what_cannot_be_recommended_is_said_on_the_command_line(shop, capsys):
    item = ("recommend", shop, "dark/0.png", "-m", METHODS)
    assert "image id" in refusal(capsys, "recommend", shop, "gone.png", "-m", METHODS)
    assert "--weights must be 1 numbers" in refusal(capsys, *item, "--weights", "1,2")
    assert "scope" in refusal(capsys, *item, "--scope", "best")
    assert "field" in refusal(capsys, *item, "--scope", "same")
    assert "diversity must be 0 to 1" in refusal(capsys, *item, "--diversity", "2")
