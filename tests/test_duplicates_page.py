"""The duplicates and manipulation pages: groups, thresholds, keepers, judgements, one picture, a broken source."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from imgsim import duplicates as core
from imgsim.duplicates import choosing
from imgsim.errors import ImgsimError, InputError
from imgsim.progress import silent
from imgsim.recommendation import closeness
from imgsim.tasks import duplicates as task
from imgsim.tasks import spaces as spaces_task
from imgsim.types import Collection, Embeddings
from imgsim.ui import duplicates as page
from imgsim.ui import duplicates_methods, manipulation, progress
from tests.test_cli import answer, refusal
from tests.test_duplicates import picture
from tests.test_pages import open_page, said


class Done:
    """A manager that does the task at once."""

    def jobs(self) -> list[Any]:
        return []

    def find(self, name: str, arguments: dict[str, Any]) -> Any:
        assert name == "duplicates"
        try:
            return SimpleNamespace(state="done", result=task.run(arguments, silent), key="k", error="")
        except ImgsimError as error:
            return SimpleNamespace(state="failed", error=str(error), key="k")


@pytest.fixture
def source(tmp_path, monkeypatch) -> str:
    page._scored.cache_clear()
    monkeypatch.setattr(progress, "manager", Done)
    picture(0).save(tmp_path / "a.png")
    picture(0).resize((160, 120)).save(tmp_path / "b.png")
    picture(1).save(tmp_path / "c.png")
    return str(tmp_path)


def test_groups_and_export_are_on_the_page(source):
    app = open_page("duplicates", collection=source)
    assert "1 of 3 pictures are copies of another" in said(app)
    assert "Group 1" in said(app)
    app.pills(key="dup_part").set_value("Export").run()
    assert not app.exception
    assert len(app.get("download_button")) == 2


def test_the_threshold_decides_and_stands_in_the_address(source):
    app = open_page("duplicates", collection=source, bits="0", points="60")
    before = said(app)
    app.slider(key="dup_bits").set_value(31).run()
    assert app.query_params["points"] in ("60", ["60"])
    assert "bits" not in app.query_params  # the default says itself
    assert "Group 1" in said(app)
    assert "No copies" in before


def test_judging_a_pair_tells_precision(source):
    app = open_page("duplicates", collection=source)
    app.pills(key="dup_part").set_value("Thresholds").run()
    app.button(key="dup_yes").click().run()
    assert not app.exception
    assert "over 1 judged pairs: precision 1.00" in said(app)


def test_one_picture_and_nonsense_and_no_source_are_answered_in_words(source, tmp_path):
    (tmp_path / "b.png").unlink()
    (tmp_path / "c.png").unlink()
    assert "A single picture has no copies here" in said(open_page("duplicates", collection=source))
    assert "Bits must be 0 to 40, got 'many'" in said(open_page("duplicates", collection=source, bits="many"))
    assert app_error(open_page("duplicates", collection=str(tmp_path / "none")))


def test_where_nothing_can_be_read_the_files_are_listed(source, tmp_path):
    for name in "abc":
        (tmp_path / f"{name}.png").write_bytes(b"no picture")
    open_page("duplicates", collection=source)  # the first look has the collection opened
    app = open_page("duplicates", collection=source)
    assert "no readable picture" in said(app)
    assert not app.error
    assert [one.label for one in app.expander] == ["3 files were left out"]


def app_error(app: Any) -> bool:
    return bool(app.error) and not app.exception


def test_the_sentence_on_judgements():
    told = page.told(core.judged_at([True], [False]))
    assert "precision 0.00" in told
    assert "recall not known yet" in told


def test_the_manipulation_page_starts_with_what_to_do():
    assert "Choose a suspect" in said(open_page("manipulation"))


def test_an_overlay_marks_only_the_mask(tmp_path):
    grey = np.full((4, 4, 3), 100, np.uint8)
    mask = np.zeros((4, 4), bool)
    mask[1, 1] = True
    mixed = manipulation.overlay(grey, mask, 0.5)
    assert mixed[1, 1].tolist() == [165, 65, 80]
    assert (mixed[~mask] == 100).all()
    Pillow.fromarray(grey).save(tmp_path / "x.png")
    data = (tmp_path / "x.png").read_bytes()
    assert manipulation.look(data, data)[1].regions == ()
    with pytest.raises(ImgsimError):
        manipulation.look(b"no picture", None)


def test_which_method_by_two_pairs(source, monkeypatch):
    monkeypatch.setattr(duplicates_methods, "TRIED", ("dhash", "pixels"))
    spaces_task.run({"source": source, "methods": ["dhash", "pixels"], "graph": False}, silent)
    chosen = {"copy": '["a.png","b.png"]', "other": '["a.png","c.png"]'}
    app = open_page("duplicates", collection=source, **chosen)
    app.pills(key="dup_part").set_value("Which method?").run()
    assert not app.exception
    told = said(app)
    assert "keeps the examples farthest apart" in told
    assert "2 pairs prove little" in told
    assert len(app.table[0].value) == 2
    assert all(margin.startswith("+") for margin in app.table[0].value["Margin"])
    turned = open_page("duplicates", collection=source, copy=chosen["other"], other=chosen["copy"])
    turned.pills(key="dup_part").set_value("Which method?").run()
    assert "None of these methods" in said(turned)
    same = open_page("duplicates", collection=source, copy='["a.png","a.png"]', other="[1")
    same.pills(key="dup_part").set_value("Which method?").run()
    assert "one image twice" in said(same)
    assert "A pair must be a list of two ids" in said(open_page("duplicates", collection=source, other="[1"))


def test_a_picked_picture_takes_its_place_in_the_pair(monkeypatch):
    changes: list[dict[str, str]] = []
    monkeypatch.setattr(duplicates_methods.ADDRESS, "update", lambda **given: changes.append(given))
    monkeypatch.setattr(duplicates_methods.gallery, "picked", lambda _: 2)
    ids = ("a", "b", "c")
    scene: Any = SimpleNamespace(collection=Collection("c", "c", ids, ids, ids, {}))
    duplicates_methods.take(scene, "x", "copy", (0, 1), 0)
    duplicates_methods.take(scene, "x", "other", (0, 1), 1)
    assert changes == [{"copy": '["c","b"]'}, {"other": '["a","c"]'}]


def test_the_command_ranks_methods_by_two_pairs(source, capsys, monkeypatch):
    monkeypatch.setattr(choosing, "TRIED", ("dhash", "pixels"))
    pairs = ["--copy", "a.png", "b.png", "--no-copy", "a.png", "c.png"]
    told = answer(capsys, "duplicates", source, "--candidates", "0", *pairs)
    assert [set(row) for row in told["methods"]] == [{"method", "copies", "others", "margin"}] * 2
    assert told["methods"][0]["margin"] >= told["methods"][1]["margin"] > 0
    assert {"ids", "kind"} <= set(told["groups"][0])
    assert {"a", "b", "kind", "score"} == set(told["pairs"][0])
    assert "both --copy and --no-copy" in refusal(capsys, "duplicates", source, *pairs[:3])
    assert "image id" in refusal(capsys, "duplicates", source, "--candidates", "0", *pairs[:-1], "gone.png")


def test_margins_by_hand():
    line = np.array([[0], [1], [4], [9]], np.float32)
    space = Embeddings("k", ("a", "b", "c", "d"), line, "euclidean", "pixels")
    ground = np.array([1, 3, 4, 5, 8, 9], np.float32)
    pipeline: Any = SimpleNamespace(background=lambda _: ground)
    found = choosing.separations(pipeline, [space], [(0, 1)], [(0, 2), (0, 3)])[0]
    near = closeness(np.array([1.0, 4.0]), ground)
    assert found.margin == pytest.approx(near[0] - near[1])
    assert (found.copies, found.others) == (pytest.approx(100 * 5.5 / 6), pytest.approx(100 * 3.5 / 6))
    for copies, others in (([], [(0, 1)]), ([(0, 1)], []), ([(1, 1)], [(0, 1)])):
        with pytest.raises(InputError):
            choosing.separations(pipeline, [space], copies, others)
