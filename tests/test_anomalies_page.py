"""The anomalies page: labelled, unlabelled, two collections, one picture, too few normals, unreadable, no network."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from imgsim import neighbors
from imgsim.anomalies.patches import combined
from imgsim.errors import ImgsimError
from imgsim.methods import METHODS
from imgsim.plots.anomalies import histogram_figure, roc, roc_figure, sensitivity_figure
from imgsim.progress import silent
from imgsim.tasks import anomalies as task
from imgsim.tasks import newcomer as newcomer_task
from imgsim.tasks import open as open_task
from imgsim.ui import anomalies as page
from imgsim.ui import progress
from tests.test_anomalies import picture
from tests.test_pages import html_of, open_page, said

RUNS = {"anomalies": task.run, "open": open_task.run, "newcomer": newcomer_task.run}


class AtOnce:
    """A manager that does a task at once."""

    made: dict[str, Any] = {}  # noqa: RUF012

    def find(self, name: str, arguments: dict[str, Any]) -> Any:
        return self.made.get(f"{name}{sorted(arguments.items())}")

    def jobs(self) -> list[Any]:
        return []

    def submit(self, name: str, arguments: dict[str, Any], title: str, owner: str = "") -> Any:
        try:
            RUNS[name](arguments, silent)
            job = SimpleNamespace(state="done", key="k" * 8, error="")
        except ImgsimError as error:
            job = SimpleNamespace(state="failed", key="k" * 8, error=str(error))
        self.made[f"{name}{sorted(arguments.items())}"] = job
        return job


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """What is compiled and imported once must not count against the time of a page."""
    drawn = np.zeros((2, 3, 160, 160), np.uint8)
    combined(METHODS.parse("imgsim_mini").feature_maps(list(drawn)), "unit")
    neighbors.search(np.eye(4, dtype=np.float32), np.eye(4, dtype=np.float32), "euclidean", 1)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AtOnce, "made", {})
    monkeypatch.setattr(progress, "manager", AtOnce)
    monkeypatch.setattr(progress, "wait_for", lambda *_: page.st.rerun())
    page._pixels.cache_clear()


@pytest.fixture
def source(tmp_path: Path) -> str:
    root = tmp_path / "tiles"
    for number in range(24):
        picture(root / "good" / f"{number}.png", number)
    for number in range(4):
        picture(root / "bad" / f"<b>{number}.png", 200 + number, spot=True)
    return str(root)


KNN = {"detector": "knn:k=1", "method": "pixels"}


def test_labelled_pictures_give_a_threshold_and_what_it_is_worth(source):
    app = open_page("anomalies", collection=source, **KNN)
    assert app.selectbox(key="anomalies_normal").value == "label=good"
    text = said(app)
    assert "Of 4 anomalous ones 100 % do (95 %: " in text
    assert "False alarms expected: at most 4.0 %" in text
    assert "Not a medical device" in text
    assert "judges the picture as a whole" in text
    app.pills(key="anomalies_part").set_value("How well").run()
    assert not app.exception
    assert "AUROC 1.000" in said(app)
    assert "guessing gives .500" in said(app)
    assert len(app.get("plotly_chart")) >= 2
    app.pills(key="anomalies_part").set_value("Table").run()
    assert len(app.get("download_button")) == 1
    assert len(app.dataframe[0].value) == 28


def test_while_a_study_runs_the_page_says_what_it_does_and_shows_pictures(source, monkeypatch):
    monkeypatch.setattr(progress, "wait_for", lambda *_: None)
    page.maps.pipeline().scan(source)
    text = said(open_page("anomalies", collection=source, **KNN))
    assert "The normal pictures teach a detector" in text
    assert "Some of the pictures" in text


def test_a_detector_of_patches_takes_a_network_and_shows_heat_with_an_opacity(source):
    app = open_page("anomalies", collection=source, method="pixels", detector="knn")
    app.selectbox(key="anomalies_detector").set_value("padim").run()
    assert not app.exception
    assert "method" not in app.query_params  # imgsim_mini, the default, which says itself
    assert app.selectbox(key="anomalies_method").value == "imgsim_mini"
    assert "hog" not in app.selectbox(key="anomalies_method").options
    before = html_of(app)
    assert before.count('class="imgsim-focus"') == 2
    app.slider(key="anomalies_opacity").set_value(0).run()
    assert html_of(app) != before
    assert not app.exception


def test_a_picture_of_ones_own_is_judged_with_its_heat(source, tmp_path):
    picture(tmp_path / "new.png", 500, spot=True)
    app = open_page("anomalies", collection=source, method="imgsim_mini", detector="padim")
    app.pills(key="anomalies_part").set_value("Your picture").run()
    assert "stays on this computer" in said(app)
    upload(app, (tmp_path / "new.png").read_bytes())
    assert "Above the threshold" in said(app)
    assert "Stranger than 100 % of 24 normal pictures" in said(app)
    before = html_of(app)
    assert before.count('class="imgsim-focus"') == 2
    app.slider(key="anomalies_new_opacity").set_value(0).run()
    assert html_of(app) != before
    app.button(key="anomalies_new_clear").click().run()
    assert "new" not in app.query_params
    assert not app.exception


def test_an_upload_that_is_no_picture_is_said_and_a_lost_one_is_asked_for_again(source):
    app = open_page("anomalies", collection=source, new="upload:" + "0" * 64, **KNN)
    app.pills(key="anomalies_part").set_value("Your picture").run()
    assert "stays on this computer" in said(app)
    upload(app, b"<b>no picture</b>")
    assert not app.exception
    assert re.search(r"The file new\.png was not taken.*it is not an image but text.*; choose another one", said(app))
    assert "<b>" not in said(app)
    assert set(app.query_params["new"].removeprefix("upload:")) == {"0"}


def upload(app: Any, data: bytes) -> None:
    app.file_uploader(key="anomalies_upload").upload("new.png", data, "image/png").run()


def test_without_labels_all_are_taken_as_normal_and_nothing_is_promised(source):
    app = open_page("anomalies", collection=source, normal="-", **KNN)
    assert "nothing says which pictures are normal" in said(app)
    assert "lie above the threshold" not in said(app)
    app.pills(key="anomalies_part").set_value("How well").run()
    assert "AUROC" not in said(app)
    assert not app.exception


def test_one_collection_teaches_and_another_is_judged(source, tmp_path):
    for number in range(20):
        picture(tmp_path / "normal" / f"{number}.png", 300 + number)
    app = open_page("anomalies", collection=str(tmp_path / "normal"), test=source, **KNN)
    assert "of 28 pictures lie above the threshold" in said(app)
    assert app.selectbox(key="anomalies_label").value == "label=good"
    assert "observed on held-out ones" in said(app)


def test_too_few_normal_pictures_are_answered_in_a_sentence(tmp_path):
    picture(tmp_path / "a.png", 1)
    text = said(open_page("anomalies", collection=str(tmp_path), **KNN))
    assert "Normal pictures must be at least 4 to learn from, got 1" in text
    for number in range(2, 8):
        picture(tmp_path / f"{number}.png", number)
    picture(tmp_path / "bad" / "x.png", 99, spot=True)
    (tmp_path / "labels.csv").write_text("path,state\nbad/x.png,bad\n" + "".join(f"{n}.png,ok\n" for n in range(2, 8)))
    text = said(open_page("anomalies", collection=str(tmp_path), normal="state=ok", only="-", **KNN))
    assert "5% false alarms take at least 19 normal pictures, and there are 6" in text


def test_empty_unreadable_and_missing_collections_are_said(tmp_path):
    (tmp_path / "empty").mkdir()
    assert "no readable picture" in said(open_page("anomalies", collection=str(tmp_path / "empty"), **KNN))
    app = open_page("anomalies", collection=str(tmp_path / "none"), **KNN)
    assert app.error
    for number in range(6):
        picture(tmp_path / "some" / f"{number}.png", number)
    (tmp_path / "some" / "broken.png").write_bytes(b"no picture")
    app = open_page("anomalies", collection=str(tmp_path / "some"), **KNN)
    assert [one.label for one in app.expander if "left out" in one.label] == ["1 file was left out"]


def test_a_method_without_its_weights_and_a_wrong_address_are_said(source):
    app = open_page("anomalies", collection=source, detector="padim", method="vgg19")
    assert app.warning
    assert not app.exception
    app = open_page("anomalies", collection=source, alarms="99", **KNN)
    assert "Alarms must be 1 to 20 percent, got '99'" in said(app)


def test_the_roc_curve_is_scikit_learns():
    from sklearn.metrics import roc_curve

    random = np.random.default_rng(0)
    truth, scores = random.random(60) < 0.4, np.round(random.normal(size=60), 1)
    alarms, found, _ = roc_curve(truth, scores, drop_intermediate=False)
    ours = roc(truth, scores)
    assert ours[0] == pytest.approx(alarms)
    assert ours[1] == pytest.approx(found)


def test_figures_ask_questions_and_name_their_baselines():
    histogram = histogram_figure({"normal": np.array([1.0, 2]), "anomalous": np.array([2.0, 3])}, "distance", 2.5)
    assert histogram.layout.title.text.endswith("?")
    assert sum(len(trace.x) for trace in histogram.data) == 4
    curve = roc_figure(np.array([1, 0, 1]), np.array([3.0, 1, 2]), 0.05)
    assert [trace.name for trace in curve.data] == ["this detector", "guessing"]
    figure = sensitivity_figure({"contrast 12": [(6.0, 0.5, 0.25, 0.75)]}, "lesion_size", 0.05)
    assert figure.data[0].error_y.array[0] == pytest.approx(0.25)
    assert figure.layout.annotations[0].text == "false alarms alone"
