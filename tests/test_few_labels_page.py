"""The few-labels page, `imgsim label` and `imgsim label-errors`: labels, predictions, doubts, the curve, odd states."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from imgsim.errors import InputError, UnknownIdError
from imgsim.labelling.files import read_labels
from imgsim.progress import silent
from imgsim.tags import Tags
from imgsim.tasks import learning_curve as curve_task
from imgsim.tasks import spaces as task
from imgsim.ui import few_labels, few_labels_doubts, gallery, progress, spaces
from tests.test_cli import answer, refusal
from tests.test_pages import open_page, said
from tests.test_products_page import Done, ramp

METHOD = "pixels"


@pytest.fixture
def source(tmp_path, monkeypatch) -> str:
    """Twelve pictures of one kind and twelve of another; two lie in the wrong folder, one of each kind."""
    monkeypatch.setattr(progress, "manager", Done)
    few_labels._predicted.cache_clear()
    folder = tmp_path / "pictures"
    for number in range(24):
        dark = number < 12
        label = "dark" if dark != (number in (3, 15)) else "light"
        (folder / label).mkdir(parents=True, exist_ok=True)
        ramp(0 if dark else 120, seed=number).save(folder / label / f"{number:02}.png")
    task.run({"source": str(folder), "methods": [METHOD], "graph": True}, silent)
    return str(folder)


@pytest.fixture
def tags(source, workspace_root) -> Tags:
    made = Tags(workspace_root, source)
    made.add("dark", ["dark/00.png", "dark/01.png"])
    made.add("light", ["light/20.png"])
    return made


def page(source: str, part: str = "", **params: str) -> Any:
    app = open_page("few_labels", **{"collection": source, "method": METHOD, **params})
    if part:
        app.pills(key="few_part").set_value(part).run()
        assert not app.exception, app.exception
    return app


def test_without_labels_the_page_says_what_to_do(source):
    assert "Name two classes or more" in said(page(source))
    assert "at least two classes" in said(page(source, "Result"))
    app = page(source)
    app.text_input(key=next(t.key for t in app.text_input if t.label == "New class")).input("bright")
    app.button(key=next(b.key for b in app.button if b.label == "Add")).click().run()
    assert not app.exception
    assert app.query_params["classes"] in ('["bright"]', ['["bright"]'])


def test_a_class_without_letters_is_none_and_one_with_too_many_is_refused(source):
    for word, told in ((" ", False), ("long" * 20, True)):
        app = page(source)
        app.text_input(key="few_word").input(word)
        app.button(key=next(b.key for b in app.button if b.label == "Add")).click().run()
        assert ("must have 1 to" in said(app)) is told
        assert "classes" not in app.query_params


def test_tags_are_labels_and_the_rest_is_labelled(source, tags):
    app = page(source)
    assert "Labelled so far" in said(app)
    told = said(page(source, "Result"))
    assert "3 labels for 21 other images" in told
    assert "dark 10, light 11" in told or "light 11, dark 10" in told
    # of the 21 the two in the wrong folder count as wrong
    assert "Of the 21 whose label is one of these, 90.5 % are right" in told
    assert "always the commonest class: 52.4 %" in told


def test_an_image_of_two_classes_counts_for_none(source, tags):
    tags.add("light", ["dark/00.png"])
    assert "1 image has two of these classes" in said(page(source))


def test_a_click_without_a_class_says_what_to_do(source, monkeypatch):
    ready = spaces.find(source, [METHOD])
    assert ready is not None
    one = few_labels.scene(few_labels.FewLabelsView(collection=source, method=METHOD), ready)
    kept: dict[str, str] = {}
    monkeypatch.setattr(few_labels.st, "session_state", kept)
    monkeypatch.setattr(gallery, "picked", lambda _: 0)
    few_labels.give("few_offered", one, one.giving)
    assert kept["notice"].startswith("name a class first")


def test_a_quick_click_gives_the_class_of_the_address(source, monkeypatch):
    ready = spaces.find(source, [METHOD])
    assert ready is not None
    one = few_labels.scene(few_labels.FewLabelsView(collection=source, method=METHOD, classes='["a"]'), ready)
    for collection, giving, classes in ((source, "b", ("a", "b")), ("elsewhere", "a", ("a",))):
        view = few_labels.FewLabelsView(collection=collection, classes='["a","b"]', giving="b")
        monkeypatch.setattr(few_labels, "ADDRESS", SimpleNamespace(read=lambda view=view: (view, [])))
        now = few_labels.current(one)
        assert (now.giving, now.classes) == (giving, classes)


def test_when_all_images_are_labelled_nothing_is_left_to_tell(source, tags):
    ready = spaces.find(source, [METHOD])
    assert ready is not None
    tags.add("dark", [id for id in ready.collection.ids if id != "light/20.png"])
    assert "All 24 images are labelled" in said(page(source, "Result"))


def test_classes_of_other_names_have_no_accuracy_but_a_sentence(source, tags):
    tags.move("night", ["dark/00.png", "dark/01.png"], ["dark"])
    assert "night is no value of label" in said(page(source, "Result"))
    assert "not known" in said(page(source, "Result", truth="-"))


def test_a_click_labels_moves_and_takes_away(source, tags, monkeypatch):
    collection = spaces.find(source, [METHOD])
    assert collection is not None
    one = few_labels.scene(few_labels.FewLabelsView(collection=source, method=METHOD, giving="light"), collection)
    row = one.collection.rows["dark/00.png"]
    monkeypatch.setattr(gallery, "picked", lambda _: row)
    few_labels.give("few_offered", one, one.giving)
    assert tags.all()["light"] == ["dark/00.png", "light/20.png"]
    assert tags.all()["dark"] == ["dark/01.png"]
    few_labels.give("few_examples", one, "")
    assert "dark/00.png" not in tags.all()["light"]
    few_labels.give("few_offered", one, None)
    monkeypatch.setattr(gallery, "picked", lambda _: 10_000)
    few_labels.give("few_offered", one, "light")
    assert tags.all() == {"dark": ["dark/01.png"], "light": ["light/20.png"]}


@pytest.mark.parametrize("classifier", ["nearest_mean", "logistic", "propagation:k=5"])
def test_every_classifier_has_its_result_on_the_page(source, tags, classifier):
    assert "3 labels for 21 other images" in said(page(source, "Result", classifier=classifier))


def test_what_is_asked_next_never_has_a_label(source, tags):
    for way in ("coverage", "uncertainty"):
        ready = spaces.find(source, [METHOD])
        assert ready is not None
        one = few_labels.scene(few_labels.FewLabelsView(collection=source, method=METHOD, way=way), ready)
        offered = few_labels.offered(one).tolist()
        assert len(offered) == 21
        assert not set(offered) & set(one.labels)


def test_pictures_in_the_wrong_folder_are_in_doubt(source):
    told = said(page(source, "Doubtful labels"))
    assert "2 of 24 labels are in doubt" in told


def test_the_curve_is_a_job_with_a_chart(source, monkeypatch):
    class Jobs:
        def find(self, name: str, arguments: dict[str, Any]) -> Any:
            result = curve_task.run(arguments, silent)
            return SimpleNamespace(state="done", alive=False, result=result, key="k")

    app = page(source, "How many labels?")
    assert "How accurate would" in said(app)
    monkeypatch.setattr(few_labels_doubts, "manager", Jobs)
    app = page(source, "How many labels?")
    assert len(app.get("plotly_chart")) == 1
    assert "the needs true labels" not in said(app)
    assert "needs true labels" in said(page(source, "How many labels?", truth="-"))


def test_one_picture_no_picture_and_nonsense_are_answered_in_words(source, tmp_path):
    one, empty = tmp_path / "one", tmp_path / "empty"
    one.mkdir()
    empty.mkdir()
    Pillow.fromarray(np.zeros((30, 30, 3), np.uint8)).save(one / "a<b>.png")
    task.run({"source": str(one), "methods": [METHOD], "graph": True}, silent)
    for part in ("Label", "Result", "Doubtful labels", "How many labels?"):
        page(str(one), part)
    assert "take 3 images or more" in said(page(str(one)))
    page(str(empty))
    assert "no readable picture" in said(page(str(empty)))
    assert page(str(tmp_path / "none")).error
    told = said(page(source, classes="[1", way="luck", classifier="magic"))
    for words in ("Classes must be a list", "way to ask", "lassifier"):
        assert words.lower() in told.lower()


def test_label_on_the_command_line(source, tmp_path, capsys):
    labels, out = tmp_path / "labels.csv", tmp_path / "out.csv"
    labels.write_text("id,label\ndark/00.png,dark\nlight/20.png,light\nlight/21.png,\n")
    told = answer(
        capsys, "label", source, "--labels", str(labels), "-m", METHOD, "-c", "propagation:k=5", "--truth", "label",
        "--ask", "3", "--out", str(out),
    )  # fmt: skip
    assert (told["n_labels"], told["classes"]) == (2, ["dark", "light"])
    assert told["accuracy"] == pytest.approx(20 / 22)
    assert told["ci95"][0] < told["accuracy"] < told["ci95"][1]
    assert told["n_asked"] == 22
    assert len(told["ask"]) == 3
    by_id = {row["id"]: row for row in told["predictions"]}
    assert by_id["dark/00.png"] == {
        "id": "dark/00.png", "label": "dark", "predicted": "dark", "share": 1.0, "margin": 1.0,
    }  # fmt: skip
    assert by_id["light/03.png"]["predicted"] == "dark"
    with out.open(newline="") as file:
        lines = {line["id"]: line for line in csv.DictReader(file)}
    assert lines["light/03.png"]["predicted"] == "dark"
    assert lines["light/03.png"]["label"] == ""


def test_tags_label_on_the_command_line_and_what_is_wrong_is_said(source, tags, tmp_path, capsys):
    assert answer(capsys, "label", source, "--tags", "-m", METHOD)["n_labels"] == 3
    assert "from --labels or --tags" in refusal(capsys, "label", source, "-m", METHOD)
    tags.add("light", ["dark/00.png"])
    assert "two for" in refusal(capsys, "label", source, "--tags", "-m", METHOD)
    bad = tmp_path / "bad.csv"
    bad.write_text("id,label\ndark/00.png,dark\n")
    assert "two classes or more" in refusal(capsys, "label", source, "--labels", str(bad), "-m", METHOD)
    assert "classifier" in refusal(capsys, "label", source, "--labels", str(bad), "-m", METHOD, "-c", "magic")


def test_label_errors_on_the_command_line(source, capsys):
    told = answer(capsys, "label-errors", source, "-m", METHOD, "-k", "8")
    assert told["n_checked"] == 24
    assert {row["id"] for row in told["suspects"]} == {"light/03.png", "dark/15.png"}
    first = told["suspects"][0]
    assert {"given", "likely", "share_given", "share_likely", "neighbors"} <= set(first)
    assert first["given"] != first["likely"]
    assert "field" in refusal(capsys, "label-errors", source, "-m", METHOD, "--label", "colour")


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("", InputError, "got no line"),
        ("name,label\na,b\n", InputError, "a column id"),
        ("id,kind\na,b\n", InputError, "a column label"),
        ("id,label\nq,b\n", UnknownIdError, "image id"),
        ("id,label\na,b\na,c\n", InputError, "one label"),
        (None, InputError, "check the path"),
    ],
)
def test_files_of_labels_that_make_no_sense(tmp_path: Path, text, kind, words):
    path = tmp_path / "labels.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(kind, match=words):
        read_labels(path, {"a": 0})
