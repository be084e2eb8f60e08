"""The last step of every walk equals the method's own vector; the page takes a picture through a method."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from imgsim.methods import METHODS, Method
from imgsim.pipeline import Pipeline
from imgsim.progress import silent
from imgsim.steps import WALKS, shade, steps_of, stripes, walk_of
from imgsim.tasks import steps as task
from imgsim.types import Image
from imgsim.ui import catalogue
from imgsim.ui.jobs import JobManager
from tests.idle_jobs import idle_jobs
from tests.test_pages import folder_of, html_of, open_page, said

SPECS = (
    "pixels", "pixels:normalise=false,color=false,size=8", "color_histogram", "color_histogram:space=rgb,bins=5,grid=2",
    "color_histogram:space=lab,bins=7", "hog", "hog:cell=32,bins=6", "phash", "dhash:hash_size=6", "ahash", "whash",
    "sift_bovw:words=16", "lbp", "gist", "color_moments", "imgsim_mini",
)  # fmt: skip


@pytest.fixture(autouse=True)
def jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[JobManager]:
    yield from idle_jobs(monkeypatch, catalogue)


def ready(spec: str, image: Image) -> Method:
    method = METHODS.parse(spec)
    return method.fit([method.prepare(image), method.prepare(image[::-1, ::2].copy())]) if method.needs_fit else method


@pytest.mark.parametrize("spec", SPECS)
def test_the_last_step_is_the_methods_own_vector(spec: str, astronaut: Image) -> None:
    photo = np.ascontiguousarray(astronaut[::2, ::3])
    method = ready(spec, photo)
    found = steps_of(method, photo)
    assert len(found) >= 3
    assert all(step.vector is None for step in found[:-1])
    np.testing.assert_allclose(found[-1].vector, method.embed([photo])[0], rtol=2e-3, atol=2e-4)
    for step in found:
        assert step.title
        assert step.says[-1] in ".?"
        assert step.pictures
        assert all(d.pixels.dtype == np.uint8 and d.pixels.ndim == 3 and d.pixels.size for d in step.pictures)


@pytest.mark.parametrize("spec", ["pixels", "color_histogram", "hog", "phash", "sift_bovw:words=16"])
def test_a_blank_picture_goes_all_the_way(spec: str, astronaut: Image) -> None:
    method = ready(spec, np.ascontiguousarray(astronaut[::4, ::4]))
    blank = np.full((40, 30, 3), 127, np.uint8)
    np.testing.assert_allclose(steps_of(method, blank)[-1].vector, method.embed([blank])[0], atol=1e-5)


def test_walks_name_methods_and_families_that_exist() -> None:
    for walk in WALKS:
        assert set(walk.methods) <= {method.id for method in METHODS}
        assert set(walk.families) <= {method.family for method in METHODS}
    assert walk_of(METHODS["hog"]).id == "gradient_cells"
    assert walk_of(METHODS["gist"]).id == "plain"


def test_an_edge_votes_for_its_direction() -> None:
    image = np.zeros((128, 128, 3), np.uint8)
    image[:, 64:] = 255
    cells = next(step for step in steps_of(METHODS.create("hog"), image) if step.title == "Cells")
    drawn = cells.pictures[0].pixels[..., 0].astype(int)
    columns = drawn.sum(axis=0)
    assert columns.argmax() == pytest.approx(len(columns) / 2, abs=len(columns) / 10), "light only along the edge"
    assert drawn[:, : len(columns) // 4].max() == 0


def test_stripes_are_the_numbers_row_by_row() -> None:
    picture = stripes(np.array([0, 1, 1, 0], np.float32))
    half = len(picture) // 2
    assert picture[half // 2, half // 2, 0] == 0
    assert picture[half // 2, half + half // 2, 0] == 255
    assert shade(np.zeros((2, 2))).max() == 0


def test_the_page_shows_a_step_and_goes_on(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "own", ["a.png", "b.png", "c.png"])
    task.run({"source": source, "image": "b.png", "method": "phash"}, silent)
    app = open_page("inspector", collection=source, method="phash", image="b.png")
    assert "Step 1 of 5" in said(app)
    app.button(key="turn_next").click().run()
    app.button(key="turn_next").click().run()
    assert app.query_params["step"] == "3"
    assert "Waves" in said(app)
    assert "cos" in str(app.get("markdown") or "") + "".join(block.value for block in app.latex)
    kept = task.find(Pipeline(), Pipeline().open(source), "b.png", "phash")
    assert kept is not None
    assert set(np.unique(kept[-1].vector)) <= {0.0, 1.0}


def test_another_picture_is_a_job_and_nonsense_is_said(tmp_path: Path, jobs: JobManager) -> None:
    source = folder_of(tmp_path / "own", ["<b>a.png", "b.png"])
    Pipeline().scan(source)
    app = open_page("inspector", collection=source, method="hog", image="gone.png", step="nine")
    assert "no picture gone" in said(app)
    assert "Step must be a whole number" in said(app)
    assert jobs.jobs()[0].task == "steps"
    assert "<b>a.png" not in html_of(app)


def test_an_empty_collection_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    Pipeline().scan(str(tmp_path / "empty"))
    assert "no picture that can be read" in said(open_page("inspector", collection=str(tmp_path / "empty")))
