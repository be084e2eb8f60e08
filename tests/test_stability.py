"""Stability of maps: survival and islands by hand, the task, and the section of the compare page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from imgsim import stability
from imgsim.errors import InputError
from imgsim.evaluation import map_neighbors
from imgsim.evaluation.stability import islands, standing, survival
from imgsim.pipeline import Pipeline
from imgsim.plots.stability import multiples_figure
from imgsim.progress import silent
from imgsim.stability import Drawing
from imgsim.tasks import stability as task
from imgsim.ui import compare_maps, compare_stable
from imgsim.ui.jobs import JobManager
from tests.idle_jobs import idle_jobs
from tests.test_compare_page import make_maps, page
from tests.test_pages import folder_of, said


@pytest.fixture(autouse=True)
def jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[JobManager]:
    yield from idle_jobs(monkeypatch, compare_maps, compare_stable)


def two_crowds(seed: int = 0) -> np.ndarray:
    """Twelve points round 0, eight round 10, one far away."""
    noise = np.random.default_rng(seed).normal(size=(21, 2))
    centre = np.array([0.0] * 12 + [10.0] * 8 + [40.0])[:, None]
    return (noise * 0.2 * (centre != 40) + centre).astype(np.float32)


def test_survival_by_hand() -> None:
    a = np.array([[1, 2], [0, 2], [1, 0]])
    b = np.array([[1, 3], [0, 2], [3, 4]])
    assert survival([a, b]).tolist() == [0.5, 1, 0]
    assert survival([a, a, a]).tolist() == [1, 1, 1]
    assert survival([a, a, b]) == pytest.approx([2 / 3, 1, 1 / 3])  # pairs: 1, .5, .5 and 1, 0, 0
    with pytest.raises(InputError, match="two runs"):
        survival([a])


def test_random_maps_share_what_chance_gives() -> None:
    maps = [np.random.default_rng(seed).normal(size=(200, 2)).astype(np.float32) for seed in range(4)]
    found = survival([map_neighbors(xy, 15) for xy in maps])
    assert found.mean() == pytest.approx(15 / 199, abs=0.02)


def test_islands_are_the_crowds_and_the_loner_is_in_none() -> None:
    found = islands(two_crowds(), 5)
    assert found.tolist() == [0] * 12 + [1] * 8 + [-1]
    assert (islands(two_crowds()[:9], 5) == -1).all()  # too few for two islands


def test_an_island_stands_where_its_images_stay_together() -> None:
    xy = two_crowds()
    found = islands(xy, 5)
    same, other = (map_neighbors(two_crowds(seed), 15) for seed in (1, 2))
    torn = xy.copy()
    torn[12:16] -= 10  # half of the second island moves into the first
    assert standing(found, [same, other]).tolist() == [[True, True], [True, True]]
    assert standing(found, [map_neighbors(torn, 15)])[1].tolist() == [False]
    assert standing(np.full(21, -1), [same]).shape == (0, 1)


def test_drawings_are_compared_once_and_are_those_of_the_pipeline(tmp_path: Path, monkeypatch) -> None:
    source = folder_of(tmp_path / "many", [f"{n}.png" for n in range(24)])
    told = task.run(
        {
            "source": source,
            "method": "pixels",
            "drawings": [{"projector": "tsne:perplexity=5", "seed": s} for s in (0, 1)] + [{"projector": "pca"}],
        },
        silent,
    )
    pipeline = Pipeline()
    found = stability.load(pipeline, told["key"], told["projections"])
    near = [map_neighbors(np.asarray(pipeline.load_projection(key).xy), 15) for key in found.projections]
    assert found.survival == pytest.approx(survival(near))
    assert found.by_chance == pytest.approx(15 / 23)
    assert 0 < found.survival.mean() <= 1
    monkeypatch.setattr(stability, "_compared", None)
    collection = pipeline.open(source)
    drawings = [Drawing("tsne:perplexity=5", 0), Drawing("tsne:perplexity=5", 1), Drawing("pca")]
    assert stability.measure(pipeline, collection, "pixels", drawings).key == found.key
    with pytest.raises(InputError, match="two drawings"):
        stability.measure(pipeline, collection, "pixels", drawings[:1])


def test_ways_to_draw_again_differ_and_the_first_is_the_map_itself() -> None:
    assert [drawing["seed"] for _, drawing in compare_stable.seeds("tsne")] == list(range(10))
    assert compare_stable.seeds("pca") == []
    assert len(compare_stable.row("pca")) == 1
    names = [name for name, _ in compare_stable.row("tsne:exaggeration=2.0")]
    assert names == ["as above", "perplexity 5", "perplexity 15", "perplexity 50", "perplexity 100"]  # 30 is the map
    specs = [drawing["projector"] for _, drawing in compare_stable.row("umap")]
    assert (len(specs), specs[0]) == (9, "umap")
    assert "umap:n_neighbors=5,min_dist=0.5" in specs


def test_the_small_maps_are_named_and_coloured_by_survival() -> None:
    xy = np.zeros((3, 2), np.float32)
    figure = multiples_figure([xy] * 6, list("abcdef"), np.array([0, 0.5, 1], np.float32), "?")
    assert [note.text for note in figure.layout.annotations] == list("abcdef")
    assert len(figure.data) == 6
    assert figure.data[5].marker.color.tolist() == [0, 0.5, 1]


def test_the_page_draws_on_demand_and_says_what_stands(tmp_path: Path, jobs: JobManager) -> None:
    source = folder_of(tmp_path / "many", [f"{'cats' if n % 2 else 'dogs'}/{n}.png" for n in range(24)])
    panels = "pixels|tsne;color_histogram|tsne"
    make_maps(source, panels)
    app = page(source, ask="stable", panels=panels)
    app.button(key="compare_draw").click().run()
    job = next(job for job in jobs.jobs() if job.task == "stability")
    assert job.arguments["method"] == "color_histogram"  # the second of the pair
    assert len(job.arguments["drawings"]) == 10
    short = {**job.arguments, "drawings": job.arguments["drawings"][:3]}
    job.result, job.state = task.run(short, silent), "done"
    compare = {"pixels|pca": "has no chance and no parameters", panels: "maps that know nothing of each other"}
    app = page(source, ask="stable", panels=panels)
    assert compare[panels] in said(app)
    assert "would share 65.2 %" in said(app)
    make_maps(source)
    assert compare["pixels|pca"] in said(page(source, ask="stable"))
