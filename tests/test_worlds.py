"""Worlds have the shape they claim; maps of them are made once; the page shows them in the colours of the truth."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import numpy as np
import pytest

from imgsim import neighbors
from imgsim.pipeline import Pipeline
from imgsim.plots.handout import handout_page
from imgsim.plots.teaching import AXIS, truth_map
from imgsim.progress import silent
from imgsim.projections import PROJECTORS
from imgsim.tasks import worlds as task
from imgsim.ui import catalogue
from imgsim.ui.jobs import JobManager
from imgsim.ui.worlds_state import WorldsView
from imgsim.worlds import WORLDS
from imgsim.worlds.clusters import Clusters
from imgsim.worlds.maps import find_map, make_map
from tests.idle_jobs import idle_jobs
from tests.test_pages import open_page, said


@pytest.fixture(autouse=True)
def jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[JobManager]:
    yield from idle_jobs(monkeypatch, catalogue)


@pytest.mark.parametrize("id", [world.id for world in WORLDS])
def test_a_world_is_what_it_says_and_the_same_every_time(id: str) -> None:
    world = WORLDS.create(id, n=60)
    sample = world.draw()
    assert sample.vectors.dtype == np.float32
    assert len(sample.vectors) == len(sample.truth) == len(sample.flat) == 60
    assert np.isfinite(sample.vectors).all()
    assert sample.truth.min() >= 0
    assert sample.kind == "groups" or sample.truth.max() <= 1
    np.testing.assert_array_equal(sample.vectors, WORLDS.create(id, n=60).draw().vectors)
    assert world.key != WORLDS.create(id, n=61).key


def test_clusters_lie_at_the_distances_they_claim() -> None:
    world = Clusters(n=2000, dims=20, groups=3, gap=8, far=5)
    assert world.sizes() == [1143, 571, 286]
    sample = world.draw()
    middles = [sample.vectors[sample.truth == g].mean(axis=0) for g in range(3)]
    near, far = (float(np.linalg.norm(middles[g] - middles[0])) for g in (1, 2))
    assert near == pytest.approx(8, abs=0.2)
    assert far / near == pytest.approx(5, abs=0.1)
    spread = [np.linalg.norm(sample.vectors[sample.truth == g] - middles[g], axis=1).mean() for g in range(3)]
    assert spread[1] / spread[0] == pytest.approx(1.5, abs=0.05)


def test_the_views_of_a_ring_have_their_neighbours_in_angle_as_nearest() -> None:
    sample = WORLDS.create("ring", n=60, shape="arrow").draw()
    near = neighbors.nearest(sample.vectors, "euclidean", 2)[0]
    away = np.abs(near - np.arange(60)[:, None])
    assert np.minimum(away, 60 - away).max() <= 2


def test_a_square_is_back_after_a_quarter_turn() -> None:
    sample = WORLDS.create("ring", n=60, shape="square").draw()
    np.testing.assert_allclose(sample.vectors[0], sample.vectors[15], atol=0.02)


def test_factors_are_the_axes() -> None:
    sample = WORLDS.create("factors", n=60, first="size", second="across", shape="circle").draw()
    ink = 1 - sample.vectors.mean(axis=1)
    assert np.corrcoef(np.argsort(np.argsort(ink)), np.argsort(np.argsort(sample.truth)))[0, 1] > 0.95
    np.testing.assert_array_equal(sample.truth, sample.flat[:, 0])


def test_a_map_is_made_once_and_pca_keeps_proportions() -> None:
    store, world, pca = Pipeline().store, Clusters(n=100), PROJECTORS.create("pca")
    assert find_map(store, world, pca, 0) is None
    made = make_map(store, world, pca, 0)
    kept = find_map(store, world, pca, 0)
    assert kept is not None
    np.testing.assert_array_equal(kept.xy, made.xy)
    truth = world.draw().truth
    first, second, third = (made.xy[truth == g].mean(axis=0) for g in range(3))
    assert np.linalg.norm(third - first) / np.linalg.norm(second - first) == pytest.approx(5, abs=0.3)
    assert 0 < made.knn_recall <= 1


def test_the_page_shows_the_maps_and_waits_for_others(monkeypatch: pytest.MonkeyPatch, jobs: JobManager) -> None:
    monkeypatch.setattr(WorldsView, "maps", property(lambda self: ["pca", "pca", "pca"]))
    task.run({"world": "ring:n=60", "maps": ["pca"], "seed": 0}, silent)
    app = open_page("worlds", world="ring:n=60")
    assert "60 points in 576 dimensions" in said(app)
    assert len(app.get("plotly_chart")) == 4
    assert app.get("download_button")
    app = open_page("worlds", world="clod", seed="x", tsne="umap")
    text = said(app)
    assert "did you mean 'cloud'" in text
    assert "Seed must be" in text
    assert "Tsne must be settings of tsne" in text
    assert any(job.task == "worlds" for job in jobs.jobs())


def test_a_handout_opens_offline_and_reads_no_markup() -> None:
    figure = truth_map("<b>Map</b>", np.zeros((3, 2), np.float32), np.arange(3, dtype=np.float32), "groups")
    page = handout_page("A </title><script>alert(1)</script>", ["1 < 2"], [figure])
    assert "<script>alert" not in page
    assert "1 &lt; 2" in page
    assert 'role="img" aria-label="Map. A map of 3 points in groups: group 1 1, group 2 1, group 3 1."' in page
    assert not re.search(r"(src|href)=[\"']?https?:", page.split("<script>")[0])
    drawn = re.search(r"of (\[.*\])\.entries", page)
    assert drawn is not None
    assert len(json.loads(drawn[1])[0]["data"]) == 3


def test_sliders_say_what_they_do_once() -> None:
    app = open_page("worlds", world="clusters")
    labels = [slider.label for slider in app.sidebar.slider]
    assert labels[:3] == ["Points in all", "Dimensions of the space", "Groups"]


@pytest.mark.parametrize("ground", ["#14171c", "#ffffff"])
def test_points_of_an_axis_stand_out_in_both_themes(ground: str) -> None:
    def light(color: str) -> float:
        part = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        return float(
            np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
        )

    for _, color in AXIS:
        low, high = sorted((light(color), light(ground)))
        assert (high + 0.05) / (low + 0.05) >= 3
