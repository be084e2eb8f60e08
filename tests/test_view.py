"""The view in the URL, the walk, tags, contrasts and tables: the parts of the pages that are plain functions."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest

from imgsim.errors import InputError
from imgsim.evaluation.contrast import Contrast, contrasts
from imgsim.tags import Tags
from imgsim.ui import explore, state, walk
from imgsim.ui.exports import csv, parquet
from imgsim.ui.state import View, pack_strokes


def test_a_view_survives_the_url() -> None:
    pipeline = {
        "collection": "builtin:shapes",
        "method": "hog:cell=8",
        "map": "umap:n_neighbors=30",
        "dims": 3,
        "seed": 5,
    }
    view = View(**pipeline, color="field:shape", image="a b&c/ü.png", find="red", landmarks="1")
    assert state.parse(view.params()) == (view, [])


def test_defaults_are_left_out_but_the_pipeline_is_always_said() -> None:
    assert View().params().keys() == {"collection", "method", "map"}


@pytest.mark.parametrize(
    ("params", "word"),
    [
        ({"method": "hgo"}, "'hog'"),
        ({"method": "hog:cell=many"}, "cell must be"),
        ({"method": "hog:=,"}, "hog"),
        ({"map": "umpa"}, "umap"),
        ({"dims": "4"}, "dims must be a whole number from 2 to 3"),
        ({"dims": "²"}, "dims"),
        ({"seed": "-1"}, "seed"),
        ({"lasso": "[[["}, "lasso"),
        ({"lasso": '[{"x":[1],"y":[]}]'}, "lasso"),
        ({"lasso": '[{"x":["a"],"y":["b"]}]'}, "lasso"),
        ({"lasso": '{"x":1}'}, "lasso"),
        ({"lasso": "5"}, "lasso"),
        ({"lasso": "x" * 5000}, "…"),
    ],
)
def test_nonsense_in_the_url_is_one_sentence_and_the_default(params: dict[str, str], word: str) -> None:
    view, problems = state.parse(params)
    assert view == View()
    assert len(problems) == 1
    assert word in problems[0]
    assert len(problems[0]) < 400


def test_default_parameters_are_left_out_of_a_spec() -> None:
    from imgsim.methods import METHODS

    assert state.canonical(METHODS, "hog:cell=16") == "hog"
    assert state.canonical(METHODS, "hog:cell=8") == "hog:cell=8"


def test_a_long_lasso_is_thinned_and_keeps_its_meaning() -> None:
    x = np.linspace(0, 1, 5000).tolist()
    text = state.pack_strokes([{"panel": 0, "kind": "lasso", "mode": "replace", "x": x, "y": x, "hidden": []}])
    stroke = View(lasso=text).strokes()[0]
    assert len(stroke["x"]) == len(stroke["y"]) <= state.MOST_CORNERS
    assert (stroke["panel"], stroke["kind"], stroke["mode"]) == (0, "lasso", "replace")
    assert state.pack_strokes([]) == ""


def test_the_walk_goes_back_and_forward_and_forgets_what_lay_ahead() -> None:
    way = None
    for id in "abc":
        way = walk.visit(way, "s", id)
    assert not walk.can_step(way, 1)
    way = walk.step(walk.step(way, -1), -1)
    assert walk.here(way) == "a"
    assert not walk.can_step(way, -1)
    assert walk.here(walk.step(way, -1)) == "a"
    way = walk.visit(walk.step(way, 1), "s", "d")
    assert way["ids"] == ["a", "b", "d"]
    assert walk.visit(way, "s", "d") == way
    assert walk.visit(way, "other", "x")["ids"] == ["x"]
    assert not walk.can_step(None, -1)


def test_tags_stay_by_id_in_the_workspace(tmp_path: Path) -> None:
    Tags(tmp_path, "folder").add("  blurred   ones ", ["b", "a"])
    Tags(tmp_path, "folder").add("blurred ones", ["c"])
    assert Tags(tmp_path, "folder").all() == {"blurred ones": ["a", "b", "c"]}
    assert Tags(tmp_path, "other").all() == {}
    Tags(tmp_path, "folder").add("sharp", ["a"])
    Tags(tmp_path, "folder").move("sharp", ["b"], ["sharp", "blurred ones"])
    assert Tags(tmp_path, "folder").all() == {"blurred ones": ["a", "c"], "sharp": ["a", "b"]}
    Tags(tmp_path, "folder").move("", ["a", "b"], ["sharp", "other"])
    assert Tags(tmp_path, "folder").all() == {"blurred ones": ["a", "c"]}
    Tags(tmp_path, "folder").remove("blurred ones", ["a", "b", "c"])
    assert Tags(tmp_path, "folder").all() == {}


@pytest.mark.parametrize("word", ["", "   ", "x" * 61])
def test_a_tag_must_be_a_word_or_two(tmp_path: Path, word: str) -> None:
    with pytest.raises(InputError, match="1 to 60"):
        Tags(tmp_path, "folder").add(word, ["a"])


def test_contrast_of_labels_and_numbers_by_hand() -> None:
    fields = {
        "colour": np.array(["red", "red", "red", "blue"]),
        "size": np.array([1.0, 2.0, 3.0, np.nan]),
        "name": np.array(["a", "b", "c", "d"]),
    }
    found = contrasts(fields, np.array([True, True, False, False]))
    assert found == [
        Contrast("size", "median", 1.5, 3.0, 2, 1.0),
        Contrast("colour", "blue", 0.0, 0.5, 0, 0.5),
        Contrast("colour", "red", 1.0, 0.5, 2, 0.5),
    ]


def test_equal_numbers_and_an_empty_rest_say_nothing() -> None:
    assert contrasts({"size": np.array([2.0, 2.0, 2.0])}, np.array([True, False, False])) == []
    assert contrasts({"size": np.array([1.0, 2.0])}, np.array([True, True])) == []
    assert contrasts({"size": np.array([1.0, 2.0])}, np.array([False, False])) == []


@pytest.fixture
def result(tmp_path: Path):
    from tests.test_pages import folder_of, make_map

    return make_map(folder_of(tmp_path / "pictures", ["=cmd.png", "b.png", "c.png"]))


def test_a_table_holds_just_the_selected_rows(result) -> None:
    import pyarrow.parquet

    rows = np.array([2, 0])
    table = pyarrow.parquet.read_table(io.BytesIO(parquet(result, rows, {"good": [result.collection.ids[2]]})))
    assert table["id"].to_pylist() == [result.collection.ids[2], result.collection.ids[0]]
    assert table["tags"].to_pylist() == ["good", ""]
    assert table["map_x"].to_pylist() == result.projection.xy[rows, 0].tolist()


def test_a_spreadsheet_does_not_run_a_file_name(result) -> None:
    text = csv(result, np.arange(3), {}).decode()
    assert "'=cmd.png" in text
    assert '"=cmd.png' not in text


def test_views_are_values() -> None:
    assert dataclasses.replace(View(), seed=1) != View()


def test_a_stroke_with_shift_adds_to_what_a_search_or_a_link_selected() -> None:
    first = {"panel": 0, "kind": "box", "mode": "replace", "x": [0, 1], "y": [0, 1]}
    more = first | {"mode": "add"}
    assert explore.joined(View(find="cat"), [more]) == {"find": "cat", "lasso": pack_strokes([more])}
    linked = View(lasso=pack_strokes([first]))
    assert explore.joined(linked, [more]) == {"find": "", "lasso": pack_strokes([first, more])}
    assert explore.joined(View(find="cat"), [first]) == {"find": "", "lasso": pack_strokes([first])}
    assert explore.joined(View(find="cat"), []) == {"find": "", "lasso": ""}
