"""The duplicates and manipulation pages: groups, thresholds, keepers, judgements, one picture, a broken source."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from imgsim import duplicates as core
from imgsim.errors import ImgsimError
from imgsim.progress import silent
from imgsim.tasks import duplicates as task
from imgsim.ui import duplicates as page
from imgsim.ui import manipulation
from tests.test_duplicates import picture
from tests.test_pages import open_page, said


class Done:
    """A manager that does the task at once."""

    def find(self, name: str, arguments: dict[str, Any]) -> Any:
        assert name == "duplicates"
        try:
            return SimpleNamespace(state="done", result=task.run(arguments, silent), key="k", error="")
        except ImgsimError as error:
            return SimpleNamespace(state="failed", error=str(error), key="k")


@pytest.fixture
def source(tmp_path, monkeypatch) -> str:
    page._scored.cache_clear()
    monkeypatch.setattr(page, "manager", Done)
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
    assert "No copies among 1 pictures" in said(open_page("duplicates", collection=source))
    assert "Bits must be 0 to 40, got 'many'" in said(open_page("duplicates", collection=source, bits="many"))
    assert app_error(open_page("duplicates", collection=str(tmp_path / "none")))


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
