"""The coarse map: there before the graph, the sample as laid out, the rest among its nearest."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from imgsim.errors import CancelledError
from imgsim.pipeline import MapRequest, Pipeline, mapping
from imgsim.projections import PROJECTORS
from imgsim.projections.coarse import coarse
from tests.sources_on_disk import picture, put


def test_the_rest_lies_among_its_nearest() -> None:
    random = np.random.default_rng(0)
    centres = np.array([[0, 0, 0], [20, 0, 0], [0, 20, 0]], np.float32)
    group = np.arange(600) % 3
    vectors = (centres[group] + random.normal(size=(600, 3))).astype(np.float32)
    xy = coarse(vectors, PROJECTORS.create("pca"), n_sample=60)
    middles = np.stack([xy[group == g].mean(axis=0) for g in range(3)])
    nearest = np.linalg.norm(xy[:, None] - middles, axis=2).argmin(axis=1)
    assert (nearest == group).mean() > 0.99
    np.testing.assert_array_equal(xy, coarse(vectors, PROJECTORS.create("pca"), n_sample=60))


def test_all_are_laid_out_where_the_sample_is_large_enough() -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    projector = PROJECTORS.create("pca")
    np.testing.assert_array_equal(coarse(vectors, projector), projector.fit(vectors, None))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(mapping, "FROM", 30)
    return put(tmp_path / "pictures", **{f"{i:02}": picture(i) for i in range(40)})


def test_it_is_there_before_the_map_and_only_when_one_must_wait(folder: Path) -> None:
    request = MapRequest(str(folder), "pixels:size=4", "tsne:perplexity=5.0")

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "Finding neighbours":
            raise CancelledError("stopped")

    assert Pipeline().cached_coarse(request) is None
    with pytest.raises(CancelledError):
        Pipeline().make_map(request, stop)
    found = Pipeline().cached_coarse(request)
    assert found is not None
    assert found[1].xy.shape == (40, 2)
    assert Pipeline().cached_map(request) is None
    result = Pipeline().make_map(request)
    shutil.rmtree(Pipeline().store.root / "projection" / found[1].key)
    Pipeline().make_map(request)
    assert Pipeline().cached_coarse(request) is None, "the map is there: no coarse one is drawn"
    assert result.projection.key != found[1].key
    Pipeline().make_map(MapRequest(str(folder), "pixels:size=4", "pca"))
    assert Pipeline().cached_coarse(MapRequest(str(folder), "pixels:size=4", "pca")) is None


def test_the_page_shows_it_while_the_map_is_drawn(folder: Path) -> None:
    from streamlit.testing.v1 import AppTest

    def page() -> None:
        from imgsim.ui.sketch import _look

        _look()

    request = MapRequest(str(folder), "pixels:size=4", "tsne:perplexity=5.0")
    app = AppTest.from_function(page, default_timeout=120)
    app.query_params["collection"] = request.source
    app.query_params["method"] = request.method
    app.query_params["map"] = request.projector
    assert not app.run().caption, "nothing is there yet"
    Pipeline().make_map(request)
    app.run()
    assert not app.exception
    assert [caption.value.partition(":")[0] for caption in app.caption] == ["A coarse map meanwhile"]
    assert "of 40 images" in app.caption[0].value
