"""The robustness page: where a guest lies on a map, what the page says, and its empty, bare and one-image states."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from imgsim import robustness
from imgsim.errors import InputError
from imgsim.images.transformations import transformation
from imgsim.pipeline import Pipeline
from imgsim.plots.robustness import curve_figure, survival
from imgsim.progress import silent
from imgsim.projections.placement import place
from imgsim.tasks import maps as maps_task
from imgsim.tasks import robustness as task
from imgsim.ui import compare_maps, robustness_state, robustness_sweep
from imgsim.ui.jobs import JobManager
from imgsim.ui.robustness_state import RobustView
from tests.idle_jobs import idle_jobs
from tests.test_pages import folder_of, open_page, said

METHODS = "pixels;color_histogram"


@pytest.fixture(autouse=True)
def jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[JobManager]:
    yield from idle_jobs(monkeypatch, compare_maps, robustness_sweep)


@pytest.fixture
def normal(tmp_path: Path) -> str:
    return folder_of(tmp_path / "normal", [f"{'cats' if n % 2 else 'dogs'}/{n}.png" for n in range(12)])


def page(source: str, methods: str = METHODS, **params: str) -> AppTest:
    view = RobustView(collection=source, methods=methods, by="pca")
    if Path(source).is_dir() and any(Path(source).iterdir()):
        maps_task.run({"requests": view.maps().requests()}, silent)
    return open_page("robustness", **{"collection": source, "methods": methods, "by": "pca", **params})


def test_a_guest_lies_on_its_equal_and_among_its_nearest_else() -> None:
    xy = np.array([[0, 0], [4, 0], [9, 9]], np.float32)
    rows = np.array([0, 1, 2], np.int32)
    assert place(xy, rows, np.array([0, 1, 2], np.float32)).tolist() == [0, 0]
    assert place(xy, rows, np.array([1, 1, 2], np.float32)).tolist() == [2, 0]  # equal weights, the last has none
    # weights ((4 - 1) / 4)^2 and ((4 - 2) / 8)^2 are as 9 to 1
    assert place(xy, rows, np.array([1, 2, 4], np.float32)) == pytest.approx([0.4, 0])
    assert place(xy, rows, np.array([3, 3, 3], np.float32)) == pytest.approx([13 / 3, 3])
    assert place(xy, rows[:1], np.array([5], np.float32)).tolist() == [0, 0]
    with pytest.raises(InputError, match="must have neighbours"):
        place(xy, rows[:0], np.empty(0, np.float32))


def test_a_look_says_what_a_search_finds(normal: str) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(normal)
    from imgsim.methods import METHODS as KNOWN

    space = pipeline.embed(collection, [KNOWN.parse("pixels")])[0]
    image = pipeline.read_image(collection, 4)
    same = robustness.look(pipeline, collection, space, 4, image, k=3)
    assert (same.rank, same.n_rivals, same.indices[0]) == (1, 11, 4)
    assert same.similarity == pytest.approx(1, abs=1e-5)
    turned = transformation("rotation").apply(image, 180)
    found = robustness.look(pipeline, collection, space, 4, turned, k=12)
    hits = pipeline.search(collection, space, pipeline.embed_image(space, turned), 12)
    assert found.rank == next(hit.rank for hit in hits if hit.id == collection.ids[4])
    assert found.indices.tolist() == [collection.rows[hit.id] for hit in hits]
    family = robustness.look(pipeline, collection, space, 4, turned, same="label")
    assert family.n_rivals == 6
    assert family.rank <= found.rank


def test_the_page_shows_the_picture_its_rank_and_chance(normal: str) -> None:
    app = page(normal, kind="mirror", strength="1", image="cats/3.png")
    assert {box.label for box in app.selectbox} >= {"Collection", "Transformation", "Map"}
    assert app.slider[0].label == "Strength: left for right"
    assert app.slider[0].value == 1
    assert "Guessing would put it at rank 6 of 12" in said(app)
    assert "cats/3" in said(app)
    assert not app.error


def test_the_slider_and_the_transformation_go_into_the_address(normal: str) -> None:
    app = page(normal)
    app.slider[0].set_value(90.0).run()
    assert app.query_params["strength"] == "90"
    app.selectbox(key="robustness_kind").select("jpeg").run()
    assert (app.query_params["kind"], app.query_params["strength"]) == ("jpeg", "95")
    app.button(key="robustness_another").click().run()
    assert app.query_params["image"] == Pipeline().open(normal).ids[1]
    app.multiselect(key="robustness_methods").set_value(["pixels"]).run()
    assert app.query_params["methods"] == "pixels"


def test_the_measurement_is_a_job_then_charts_and_a_file(normal: str, jobs: JobManager) -> None:
    app = page(normal, kind="hue")
    assert "Classical methods take seconds" in said(app)
    app.button(key="robustness_measure").click().run()
    job = next(job for job in jobs.jobs() if job.task == "robustness")
    assert job.arguments == {"source": normal, "methods": ["pixels", "color_histogram"], "n_images": 12, "same": ""}
    job.result = task.run({**job.arguments, "transformations": ["hue"]}, silent)
    job.state = "done"
    app = page(normal, kind="hue")
    assert "guessing gives 0.083" in said(app)
    assert len(app.get("plotly_chart")) == 3
    assert app.get("download_button")[0].proto.label == "Table as CSV"


def test_survival_is_the_mean_over_strengths_beyond_zero() -> None:
    rows = [
        {"method": "a", "transformation": "hue", "strength": s, "recall_at_1": r}
        for s, r in ((0.0, 1.0), (10.0, 0.5), (20.0, 0.0))
    ]
    table = survival(rows, ["hue", "blur"], ["a"])
    assert table[0, 0] == 0.25
    assert np.isnan(table[1, 0])


def test_curves_show_the_interval_of_each_method() -> None:
    rows = [
        {"method": "a", "strength": s, "recall_at_1": r, "recall_at_1_ci": (r - 0.1, r + 0.1)}
        for s, r in ((5.0, 0.4), (0.0, 0.9))
    ]
    figure = curve_figure(rows, {"a": "A"}, "recall_at_1", title="?", x="degrees", y="share", chance=0.1)
    band, line = figure.data
    assert line.x == (0, 5)
    assert line.y == (0.9, 0.4)
    assert band.y == pytest.approx((1.0, 0.5, 0.3, 0.8))


def test_addresses_that_make_no_sense_are_sentences() -> None:
    for nonsense in ({"methods": ""}, {"methods": "hgo"}, {"kind": "rotaton"}, {"strength": "nan"}, {"by": "x"}):
        view, problems = robustness_state.ADDRESS.parse(nonsense)
        assert len(problems) == 1, nonsense
        assert view == RobustView()
    assert RobustView(kind="jpeg", strength="900").at() == 99
    assert RobustView(methods="a;b").maps().specs() == [("a", "tsne"), ("b", "tsne")]


def test_one_image_no_labels_and_nothing_at_all(tmp_path: Path, jobs: JobManager) -> None:
    app = page(folder_of(tmp_path / "one", ["alone.png"]))
    assert "needs two different pictures" in said(app)
    assert app.button(key="robustness_another").disabled
    bare = page(folder_of(tmp_path / "bare", ["a.png", "b.png", "c.png"]), image="gone.png")
    assert "No image of this collection has the id gone" in said(bare)
    assert len(page(str(tmp_path / "not_there")).error) == 1
    (tmp_path / "empty").mkdir()
    page(str(tmp_path / "empty"))
    job = next(job for job in jobs.jobs() if job.task == "maps" and "empty" in str(job.arguments))
    job.state, job.error = "failed", "empty must have an image."
    assert [error.value for error in page(str(tmp_path / "empty")).error] == ["Empty must have an image."]
