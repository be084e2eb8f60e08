"""Every page on an empty, a one-image and a normal collection, with a broken file and with nonsense in the address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from imgsim import images
from imgsim.methods import METHODS
from imgsim.pipeline import MapRequest, Pipeline
from imgsim.tasks import sights as sights_task
from imgsim.ui import catalogue
from imgsim.ui.jobs import JobManager
from imgsim.ui.progress import plain
from tests.idle_jobs import idle_jobs
from tests.test_jobs import wait

ROOT = Path(__file__).resolve().parent.parent
MAIN = ROOT / "imgsim" / "ui" / "main.py"


@pytest.fixture(autouse=True)
def jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[JobManager]:
    """A manager whose worker never finishes a map: what the pages show must come from the store."""
    yield from idle_jobs(monkeypatch, catalogue)


def folder_of(folder: Path, names: Sequence[str]) -> str:
    folder.mkdir(parents=True)
    for number, name in enumerate(names):
        pixels = np.random.default_rng(number).integers(0, 255, (48, 64, 3), dtype=np.uint8)
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        Image.fromarray(pixels).save(folder / name)
    return str(folder)


def make_map(source: str):
    return Pipeline().make_map(MapRequest(source, "pixels", "pca"))


def open_page(page: str, **params: str) -> AppTest:
    app = AppTest.from_file(str(MAIN), default_timeout=120)
    for name, value in params.items():
        app.query_params[name] = value
    app.run()
    if page != "home":
        app.switch_page(str(ROOT / "pages" / f"{page}.py"))
        for name, value in params.items():
            app.query_params[name] = value
        app.run()
    assert not app.exception, app.exception
    return app


def explore(source: str, **params: str) -> AppTest:
    return open_page("explore", **{"collection": source, "method": "pixels", "map": "pca", **params})


def said(app: AppTest) -> str:
    """All text of a page."""
    blocks: list[Any] = [*app.markdown, *app.caption, *app.error, *app.warning, *app.info, *app.subheader]
    return "\n".join(str(block.value) for block in blocks)


def html_of(app: AppTest) -> str:
    return "\n".join(str(block.proto.body) for block in app.get("html"))


@pytest.fixture
def normal(tmp_path: Path) -> str:
    return folder_of(tmp_path / "normal", [f"{'cats' if n % 2 else 'dogs'}/{n}.png" for n in range(12)])


def test_home_shows_the_collections_while_the_first_map_is_made(jobs: JobManager) -> None:
    app = open_page("home")
    assert "Map of Photos and their edits by imgsim mini" in {job.title for job in jobs.jobs()}
    assert "Photos and their edits" in html_of(app)
    assert "Cancel" in {button.label for button in app.button}


def test_explore_shows_the_map_of_a_stored_collection(normal: str, jobs: JobManager) -> None:
    make_map(normal)
    app = explore(normal)
    assert "12 images" in said(app)
    assert app.selectbox(key="color").value == "field:label"
    assert not any(job.arguments["source"] == normal for job in jobs.jobs())
    assert "Nearest" not in said(app)


def test_a_page_looks_at_the_source_once(normal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_map(normal)
    looks: list[str] = []
    look = images.identify
    monkeypatch.setattr(images, "identify", lambda source: looks.append(source) or look(source))
    app = open_page("explore", collection=normal, method="pixels", map="pca")
    looks.clear()
    app.run()
    assert looks == [normal]


def test_the_address_restores_focus_and_search(normal: str) -> None:
    result = make_map(normal)
    app = explore(normal, image=result.collection.ids[3], find="cats", color="plain")
    assert "**Nearest 11** by" in said(app)
    assert result.collection.ids[3] in html_of(app)
    assert "Selection: 6 of 12 images" in said(app)
    assert app.selectbox(key="color").value == "plain"


def test_walking_back_and_forward(normal: str) -> None:
    ids = make_map(normal).collection.ids
    app = explore(normal, image=ids[0])
    assert app.button(key="Back").disabled
    app.session_state["walk"] = {"collection": app.session_state["walk"]["collection"], "ids": list(ids[:3]), "at": 0}
    app.run()
    app.button(key="Forward").click().run()
    assert ids[1] in html_of(app)
    assert app.query_params["image"] == ids[1]
    app.button(key="Back").click().run()
    assert ids[0] in html_of(app)


def test_a_selection_is_tagged_and_found_again(normal: str) -> None:
    make_map(normal)
    app = explore(normal, find="cats")
    for word in ("felines", "", "x" * 500):
        app.text_input(key="tag_word").input(word)
        next(button for button in app.button if button.label == "Tag all").click().run()
        assert app.text_input(key="tag_word").value == word * (len(word) > 100)  # emptied once it is a tag
        assert any("A tag must" in box.value for box in app.error) == (len(word) > 100)
    app.text_input(key="find").input("tag:felines").run()
    assert "Selection: 6 of 12 images" in said(app)
    app.text_input(key="find").input("tag:nobody").run()
    assert "The selection holds no image" in said(app)


def test_a_lasso_in_the_address_selects(normal: str) -> None:
    import json

    xy = make_map(normal).projection.xy
    low, high = xy.min(0).tolist(), xy.max(0).tolist()
    box = {"panel": 0, "kind": "box", "mode": "replace", "x": [low[0] - 1, high[0] + 1], "y": [low[1] - 1, high[1] + 1]}
    assert "Selection: 12 of 12" in said(explore(normal, lasso=json.dumps([box])))
    assert "select again" in said(explore(normal, lasso='[{"panel":7,"x":[1,2],"y":[1,2]}]'))


def test_one_image_has_a_map_and_no_neighbours(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "one", ["alone.png"])
    make_map(source)
    app = explore(source, image="alone.png")
    assert "There is no other image" in said(app)
    assert "1 images" not in said(app)


def test_an_empty_collection_says_what_to_do(tmp_path: Path, jobs: JobManager) -> None:
    (tmp_path / "empty").mkdir()
    explore(str(tmp_path / "empty"))
    job = jobs.jobs()[0]
    jobs._lane(job)._finish(job, "failed", "empty must have at least one readable image, got none; add images to it.")
    app = explore(str(tmp_path / "empty"))
    assert [error.value for error in app.error] == [
        "Empty must have at least one readable image, got none; add images to it."
    ]
    assert "Try again" in {button.label for button in app.button}


def test_unreadable_files_are_listed_with_their_reason(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "mixed", ["a.png", "b.png", "c.png"])
    (tmp_path / "mixed" / "broken.jpg").write_bytes(b"no picture")
    make_map(source)
    app = explore(source)
    assert [box.label for box in app.expander if "left out" in box.label] == ["1 file was left out"]
    assert "broken.jpg" in str(app.dataframe[0].value)


def test_a_folder_of_broken_files_alone_lists_them(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    Pipeline().scan(str(tmp_path))
    app = explore(str(tmp_path))
    assert [box.label for box in app.expander if "left out" in box.label] == ["1 file was left out"]


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"method": "pixls"}, "did you mean 'pixels'"),
        ({"map": "nowhere"}, "projector must be a known id"),
        ({"dims": "7", "seed": "x"}, "Dims must be"),
    ],
)
def test_nonsense_in_the_address_is_said_once_and_the_page_stands(
    normal: str, params: dict[str, str], sentence: str
) -> None:
    app = explore(normal, **params)
    assert sum(sentence.lower() in warning.value.lower() for warning in app.warning) == 1
    assert app.selectbox(key="method").value


def test_a_source_that_is_not_there_offers_the_photos(tmp_path: Path) -> None:
    app = explore(str(tmp_path / "gone"))
    assert len(app.error) == 1
    next(button for button in app.button if button.label == "Open the built-in photos").click().run()
    assert app.query_params["collection"] == "builtin:photos"


def test_an_unknown_image_or_field_is_not_fatal(normal: str) -> None:
    make_map(normal)
    app = explore(normal, image="<b>nobody</b>", color="field:nothing")
    assert "No image of this collection" in said(app)
    assert app.selectbox(key="color").value == "field:label"


def test_an_unavailable_method_is_shown_with_its_sentence(normal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from imgsim.methods import METHODS

    monkeypatch.setattr(METHODS["pixels"], "unavailable", lambda self: "pixels needs light; run: lamp on")
    app = explore(normal)
    assert [warning.value for warning in app.warning] == [plain("Pixels needs light; run: lamp on")]
    assert not app.error


def test_weights_are_fetched_only_when_asked(normal: str, jobs: JobManager) -> None:
    app = explore(normal, method="resnet50:weights=IMAGENET1K_V1")
    assert "resnet50" in app.warning[0].value
    assert not any(job.arguments.get("source") == normal for job in jobs.jobs())
    next(button for button in app.button if button.label.startswith("Fetch the weights")).click().run()
    assert not app.exception
    assert jobs.jobs()[0].arguments["source"] == normal


def test_file_names_are_shown_as_they_are(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "odd", ["![x](http://x.example)/<b>a.png", "![x](http://x.example)/c.png", "d.png"])
    result = make_map(source)
    id = next(id for id in result.collection.ids if "<b>" in id)
    app = explore(source, image=id, find="x.example")
    assert "Selection: 2 of 3 images" in said(app)
    assert "&lt;b&gt;" in html_of(app)
    assert "<b>a.png" not in html_of(app)
    assert "![x](" not in said(app) + str([list(table.value.iloc[:, 1]) for table in app.table])


def test_a_failed_job_is_tried_again(normal: str, jobs: JobManager) -> None:
    app = explore(normal)
    first = jobs.jobs()[0]
    wait(lambda: first.state == "running")
    jobs.cancel(first)
    app.run()
    assert "Stopped." in said(app)
    next(button for button in app.button if button.label == "Try again").click().run()
    assert jobs.jobs()[0] is not first
    assert jobs.jobs()[0].alive


def test_a_parameter_changes_the_address_and_its_default_leaves_it(normal: str) -> None:
    make_map(normal)
    app = explore(normal)
    side = next(box for box in [*app.number_input, *app.slider] if str(box.key).startswith("method_pixels_"))
    side.set_value(side.value + side.step).run()
    assert app.query_params["method"].startswith("pixels:")
    app.button(key="method_pixels_reset").click().run()
    assert app.query_params["method"] == "pixels"


def test_the_choice_survives_a_visit_to_another_page(normal: str) -> None:
    make_map(normal)
    app = explore(normal, seed="4")
    app.switch_page(str(ROOT / "pages" / "methods.py")).run()
    app.query_params.clear()
    app.switch_page(str(ROOT / "pages" / "explore.py")).run()
    assert app.number_input(key="seed").value == 4
    assert app.selectbox(key="collection").value == normal


def test_methods_lists_every_family_and_finds_a_word() -> None:
    app = open_page("methods")
    assert {"Colour", "Gradients", "Networks", "Pair scores"} <= {header.value for header in app.subheader}
    assert "`ssim`" in said(app)
    assert "larger is closer" in said(app)
    assert {"`imgsim_mini`", "`timm`", "`trained`"} <= set(re.findall("`[a-z_]+`", said(app)))  # no rows of the table
    assert "`alexnet`" not in said(app)
    assert "The 80 networks of torchvision" in said(app)
    assert list(app.dataframe[0].value["id"])[:2] == ["alexnet", "convnext_base"]
    app.text_input(key="find_method").input("zebra").run()
    assert "No method says anything" in said(app)


def test_methods_shows_pictures_and_costs_and_only_what_runs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = np.random.default_rng(0).integers(0, 255, (96, 128, 3), dtype=np.uint8)
    sights_task.draw(METHODS["hog"], photo)
    monkeypatch.setattr(METHODS["lbp"], "unavailable", lambda self: "lbp needs the package x; run: pip install x")
    app = open_page("methods")
    assert "ms a photo on this computer" in said(app)
    assert "Which way edges run" in said(app)
    assert "About 1.5 ms a photo." in said(app)  # of LBP, which was not measured here
    assert "Licence: own weights" in said(app)
    assert "not expected to win" in said(app)
    assert "pip install x" in said(app)
    app.toggle(key="runs_here").set_value(True).run()
    assert "`hog`" in said(app)
    assert "`lbp`" not in said(app)


def test_methods_says_how_far_the_drawing_is_and_shows_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    job = SimpleNamespace(alive=True, stages=[SimpleNamespace(done=3, total=40)])
    said_so: list[str] = []
    monkeypatch.setattr(catalogue, "manager", lambda: SimpleNamespace(find=lambda *_: job))
    monkeypatch.setattr(catalogue.st, "caption", said_so.append)

    def again() -> None:
        raise InterruptedError

    monkeypatch.setattr(catalogue.st, "rerun", again)
    catalogue._drawing(0)
    assert "3 of 40 so far; they appear here by themselves" in said_so[-1]
    job.stages[0].done = catalogue.FRESH
    with pytest.raises(InterruptedError):
        catalogue._drawing(0)
    catalogue._drawing(3)
    job.alive = False
    with pytest.raises(InterruptedError):
        catalogue._drawing(3)


def test_a_folder_becomes_a_collection_with_its_own_buttons(normal: str) -> None:
    app = open_page("home")
    app.text_input(key="local_path").input(normal).run()
    next(button for button in app.button if button.label == "Add and explore").click().run()
    assert not app.exception
    item = Pipeline().library.list()[0]
    assert item.name == "normal"
    assert app.selectbox(key="collection").value == item.source
    home = open_page("home")
    assert {f"{word}_{item.source}" for word in ("Add", "Rename", "Remove")} <= {button.key for button in home.button}
    assert "Rename_builtin:photos" not in {button.key for button in home.button}
    home.button(key=f"Remove_{item.source}").click().run()
    assert "Your own folders and files stay as they are" in said(home)
    assert Pipeline().library.list() == [item]


def in_dialog(opener: str, field: str, text: str, button: str) -> AppTest:
    """The home page after a dialog was filled in; AppTest runs whole pages, so it is opened anew in each run."""
    home = open_page("home").button(key=opener).click().run()
    home.text_input(key=field).input(text)
    home.button(key=opener).click().run()
    home.button(key=opener).click()
    home.button(key=button).click().run()
    assert not home.exception, home.exception
    return home


def test_a_collection_of_ones_own_is_added_to_and_renamed(tmp_path: Path, normal: str) -> None:
    library = Pipeline().library
    source = f"library:{library.add('Mine', [normal])}"
    more = folder_of(tmp_path / "more", ["new.png"])
    home = in_dialog(f"Add_{source}", "more_source", str(tmp_path / "gone"), "more_add")
    assert len(home.error) == 1
    assert len(Pipeline().open(source)) == 12
    in_dialog(f"Add_{source}", "more_source", more, "more_add")
    grown = Pipeline().open(source)
    assert len(grown) == 13
    assert any(id.endswith("new.png") for id in grown.ids)
    in_dialog(f"Rename_{source}", "new_name", "<b>Ours</b>", "rename_now")
    assert [item.name for item in library.list()] == ["<b>Ours</b>"]
    assert "&lt;b&gt;Ours" in html_of(open_page("home"))
    assert Pipeline().open(source).ids == grown.ids


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    app = open_page("home")
    app.text_input(key="local_path").input(str(tmp_path / "gone")).run()
    next(button for button in app.button if button.label == "Add and explore").click().run()
    assert len(app.error) == 1
    assert Pipeline().library.list() == []


def test_dropped_files_become_a_collection(tmp_path: Path) -> None:
    folder_of(tmp_path / "drop", ["a.png", "b.png"])
    app = open_page("home")
    next(box for box in app.get("segmented_control")).set_value("Drop files").run()
    uploader = app.get("file_uploader")[0]
    uploader.upload("a.png", (tmp_path / "drop" / "a.png").read_bytes(), "image/png").run()
    next(button for button in app.button if button.label == "Add and explore").click().run()
    assert not app.exception
    assert len(Pipeline().open(Pipeline().library.list()[0].source)) == 1


def test_a_torchvision_data_set_becomes_a_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision import datasets

    class Few(datasets.FakeData):
        def __init__(self) -> None:
            super().__init__(size=6, image_size=(3, 24, 32))

    monkeypatch.setattr(datasets, "FakeData", Few)
    app = open_page("home")
    next(box for box in app.get("segmented_control")).set_value("torchvision data set").run()
    app.text_input(key="torchvision_name").input("FakeDta").run()
    next(button for button in app.button if button.label == "Add and explore").click().run()
    assert "did you mean 'FakeData'" in app.error[0].value.replace("\\", "")
    assert Pipeline().library.list() == []
    app.text_input(key="torchvision_name").input("FakeData").run()
    next(button for button in app.button if button.label == "Add and explore").click().run()
    assert not app.exception
    collection = Pipeline().open(Pipeline().library.list()[0].source)
    assert len(collection) == 6
    assert collection.field("width").tolist() == [32.0] * 6


def test_home_shows_what_is_stored_and_clears_it_without_touching_the_pictures(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "pictures", ["a.png", "b.png"])
    make_map(source)
    app = open_page("home")
    assert any(box.label.startswith("Stored results: ") and "of at most" in box.label for box in app.expander)
    next(box for box in app.number_input if box.label == "Limit in GB").set_value(2.0)
    next(button for button in app.button if button.label == "Set limit").click().run()
    assert Pipeline().store.limit == 2 * 10**9
    next(button for button in app.button if button.label == "Clear stored results").click().run()
    assert not app.exception
    assert "embeddings" not in [entry.kind for entry in Pipeline().store.entries()]
    assert (tmp_path / "pictures" / "a.png").exists()
