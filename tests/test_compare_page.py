"""The compare page: panels, registration, rows of neighbours, disagreement; empty, one-image and label-less states."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from imgsim.errors import InputError
from imgsim.evaluation import map_neighbors
from imgsim.evaluation.agreement import procrustes
from imgsim.evaluation.movement import movement
from imgsim.pipeline import MapRequest, Pipeline
from imgsim.plots.shepard import random_pairs
from imgsim.progress import silent
from imgsim.tasks import agreement as agreement_task
from imgsim.tasks import maps as maps_task
from imgsim.tasks import scores as scores_task
from imgsim.ui import (
    compare_agree,
    compare_honesty,
    compare_maps,
    compare_scores,
    compare_state,
)
from imgsim.ui.compare_find import rbo, shared
from imgsim.ui.compare_honesty import occurrences, skewness, torn
from imgsim.ui.compare_morph import TRAILS
from imgsim.ui.jobs import JobManager
from imgsim.ui.morph import PALETTE, shown
from tests.idle_jobs import idle_jobs
from tests.test_pages import folder_of, open_page, said

PANELS = "pixels|pca;color_histogram|pca"


@pytest.fixture(autouse=True)
def jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[JobManager]:
    yield from idle_jobs(monkeypatch, compare_maps)


@pytest.fixture
def normal(tmp_path: Path) -> str:
    return folder_of(tmp_path / "normal", [f"{'cats' if n % 2 else 'dogs'}/{n}.png" for n in range(12)])


def make_maps(source: str, panels: str = PANELS) -> list[Any]:
    view = compare_state.CompareView(collection=source, panels=panels)
    maps_task.run({"requests": view.requests()}, silent)
    return [Pipeline().cached_map(MapRequest(**request)) for request in view.requests()]


def page(source: str, **params: str) -> AppTest:
    return open_page("compare", **{"collection": source, "panels": PANELS, **params})


def test_a_turned_mirrored_shrunk_map_lies_on_its_original_again() -> None:
    xy = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    turn = np.array([[0.6, -0.8], [-0.8, -0.6]])  # a rotation and a mirror
    assert np.allclose(procrustes((xy @ turn * 0.25 + 7).astype(np.float32), xy), xy, atol=1e-5)


def test_registration_keeps_one_point_and_a_map_that_is_a_spot() -> None:
    assert procrustes(np.zeros((1, 2), np.float32), np.ones((1, 2), np.float32)).tolist() == [[1, 1]]
    assert np.isfinite(procrustes(np.zeros((4, 2), np.float32), np.ones((4, 2), np.float32))).all()


def test_registration_keeps_neighbourhoods_and_is_served_with_its_distortion(normal: str) -> None:
    found = make_maps(normal)
    one, two = compare_maps.registered(found)
    assert one.projection.key == found[0].projection.key
    assert two.projection.key != found[1].projection.key
    before, after = (
        np.linalg.norm(xy[:, None] - xy[None], axis=2) for xy in (found[1].projection.xy, two.projection.xy)
    )
    assert np.allclose(before / before.max(), after / after.max(), atol=1e-4)
    assert np.allclose(Pipeline().load_distortion(two.projection.key), found[1].faithfulness.per_point)


def test_panels_of_the_address() -> None:
    view, problems = compare_state.ADDRESS.parse({"panels": "pixels:size=24|umap;pixels|pca"})
    assert (view.specs(), problems) == ([("pixels:size=24", "umap"), ("pixels", "pca")], [])
    for nonsense in ({"panels": "hog|tsne"}, {"panels": ";".join(["hog|tsne"] * 7)}, {"panels": "hgo|tsne;hog|tsne"}):
        assert len(compare_state.ADDRESS.parse(nonsense)[1]) == 1
    for nonsense in ({"pair": "0-0"}, {"pair": "0-9"}, {"pair": "x"}, {"ask": "why"}):
        assert len(compare_state.ADDRESS.parse(nonsense)[1]) == 1
    assert compare_state.CompareView(panels="a|b;c|d", pair="0-4").chosen_pair() == (0, 1)


def test_maps_are_shown_side_by_side_with_what_they_are(normal: str) -> None:
    make_maps(normal)
    app = page(normal)
    assert {box.label for box in app.selectbox} >= {"Collection", "Method 1", "Method 2", "Colour by"}
    assert "Click an image on one of the maps" in said(app)
    assert "Method 3" not in {box.label for box in app.selectbox}


def test_missing_maps_are_one_job_and_the_ready_one_shows(normal: str, jobs: JobManager) -> None:
    Pipeline().make_map(MapRequest(normal, "pixels", "pca"))
    app = page(normal)
    job = next(job for job in jobs.jobs() if job.task == "maps")
    assert [request["method"] for request in job.arguments["requests"]] == ["pixels", "color_histogram"]
    assert "Colour by" in {box.label for box in app.selectbox}
    assert "Cancel" in {button.label for button in app.button}


def test_maps_are_added_and_removed(normal: str) -> None:
    make_maps(normal)
    app = page(normal)
    assert app.button(key="compare_remove_0").disabled
    next(button for button in app.button if button.label == "Add a map").click().run()
    assert app.query_params["panels"].count("|") == 3
    app.button(key="compare_remove_0").click().run()
    assert app.query_params["panels"].startswith("color_histogram|pca;")


def test_the_image_in_focus_has_a_row_a_method(normal: str) -> None:
    found = make_maps(normal)
    app = page(normal, image=found[0].collection.ids[3])
    assert "✓ solid border: the same label" in said(app)
    assert found[0].collection.ids[3] in "\n".join(str(block.proto.body) for block in app.get("html"))
    assert "Click an image on one" not in said(app)


def test_disagreement_says_the_share_and_what_chance_gives(normal: str) -> None:
    found = make_maps(normal)
    first, second = (result.neighbors.indices[:, :10] for result in found)
    share = np.mean([shared(a.tolist(), b.tolist()) / 10 for a, b in zip(first, second, strict=True)])
    app = page(normal, ask="disagree", image=found[0].collection.ids[0])
    assert f"On average {100 * share:.0f} % of an image's 10 nearest" in said(app)
    assert "it would be 90.9 %" in said(app)
    assert "what each finds" in said(app)


def test_one_method_twice_has_nothing_to_disagree_on(normal: str) -> None:
    make_maps(normal, "pixels|pca;pixels|tsne")
    assert "one and the same space" in said(page(normal, panels="pixels|pca;pixels|tsne", ask="disagree"))


@pytest.mark.parametrize("ask", ["find", "disagree", "agree", "scores", "honest", "stable", "morph"])
def test_one_image_and_no_labels(tmp_path: Path, ask: str) -> None:
    one = folder_of(tmp_path / "one", ["alone.png"])
    make_maps(one)
    app = page(one, ask=ask, image="alone.png")
    assert ("no other image" in said(app)) == (ask == "find")
    bare = folder_of(tmp_path / "bare", ["a.png", "b.png", "c.png", "d.png"])
    make_maps(bare)
    assert "✓" not in said(page(bare, ask=ask, image="a.png"))


def test_a_source_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    assert len(page(str(tmp_path / "gone")).error) == 1


def test_an_empty_collection_says_what_to_do(tmp_path: Path, jobs: JobManager) -> None:
    (tmp_path / "empty").mkdir()
    page(str(tmp_path / "empty"))
    job = next(job for job in jobs.jobs() if job.task == "maps")
    job.state, job.error = "failed", "empty must have an image."
    assert [error.value for error in page(str(tmp_path / "empty")).error] == ["Empty must have an image."]


def test_the_task_refuses_an_empty_collection(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="at least one readable image"):
        make_maps(str(tmp_path / "empty"))


def test_hubs_are_counted_and_skewed() -> None:
    star = np.array([[1], [0], [0], [0]], np.int32)  # three images have the first as their nearest
    assert occurrences(star).tolist() == [3, 1, 0, 0]
    assert skewness(np.array([3, 1, 0, 0])) == pytest.approx(0.8165, abs=1e-4)  # 1.5 / 1.5 ** 1.5
    assert skewness(np.array([2, 2, 2])) == 0


def test_what_a_map_loses_it_replaces_by_as_many_strangers(normal: str) -> None:
    one = compare_maps.registered(make_maps(normal))[0]
    for row in range(12):
        lost, invented = torn(one, row, k=4)
        assert len(lost) == len(invented)
        assert set(lost) <= set(one.result.neighbors.indices[row, :4].tolist())
        assert not set(invented) & {row, *one.result.neighbors.indices[row, :4].tolist()}


def test_pairs_are_never_an_image_with_itself() -> None:
    first, second = random_pairs(3, 500)
    assert (first != second).all()
    assert set(second.tolist()) == {0, 1, 2}
    with pytest.raises(InputError, match="two images"):
        random_pairs(1)


def test_honesty_shows_the_scores_of_the_map_with_chance_beside(normal: str) -> None:
    found = make_maps(normal)
    app = page(normal, ask="honest", image=found[1].collection.ids[2])
    values = {metric.label: metric.value for metric in app.metric}
    assert values["Trustworthiness"] == f"{found[1].faithfulness.trustworthiness:.3f}"
    assert 0.5 < float(values["Triplets kept"]) <= 1
    scores = app.dataframe[0].value.set_index("Nearest share the label")
    labels = found[1].collection.field("label")
    near = found[1].neighbors.indices[:, 0]
    assert scores.loc["the nearest one", "space"] == pytest.approx((labels[near] == labels).mean())
    assert scores.loc["the nearest one", "map"] == pytest.approx(
        (labels[map_neighbors(found[1].projection.xy, 1)[:, 0]] == labels).mean()
    )
    assert "is the ceiling" in said(app)
    assert "Hubness of Colour histogram" in said(app)
    app.selectbox(key="compare_map").select(0).run()
    assert app.query_params["pair"] == "1-0"
    assert "Hubness of Pixels" in said(app)


def test_scores_of_a_label_on_a_map_in_its_space_and_by_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    space = np.array([[1], [0], [3], [2], [5], [4]], np.int32)  # all find their own class
    shown = np.array([[1], [0], [4], [5], [2], [3]], np.int32)  # a third of them do
    one: Any = SimpleNamespace(result=SimpleNamespace(neighbors=SimpleNamespace(indices=space)))
    monkeypatch.setattr(compare_honesty, "_map_neighbors", lambda _: shown)
    nearest, vote = compare_honesty.label_scores(np.array([*"aabbcc"]), one, k=1) or []
    assert nearest[:3] == ("the nearest one", pytest.approx(1 / 3), 1)
    assert vote[:3] == ("most of 1", pytest.approx(1 / 3), 1)
    assert nearest[3] == vote[3] < 0.6
    assert compare_honesty.label_scores(np.array([*"abcdef"]), one) is None
    assert compare_honesty.label_scores(np.array([""] * 6), one) is None


def test_the_matrix_is_symmetric_and_full_for_a_method_with_itself(normal: str) -> None:
    one, two = compare_maps.registered(make_maps(normal))
    values = compare_agree.matrix([one, two, one])
    assert np.allclose(values, values.T)
    assert values[0, 2] == 1
    assert values[0, 1] < 1


def test_a_cell_of_the_matrix_leads_to_its_images(normal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = compare_maps.registered(make_maps(normal))
    changes: dict[str, str] = {}
    monkeypatch.setattr(compare_state, "update", lambda **given: changes.update(given))
    compare_agree.open_cell(shown, (1, 0))
    assert changes == {"ask": "disagree", "pair": "1-0"}
    assert "know nothing of each other share 90.9 %" in said(page(normal, ask="agree"))


def test_scores_stand_beside_chance_pixels_and_random_vectors(normal: str, jobs: JobManager) -> None:
    found = make_maps(normal)
    assert "Cancel" in {button.label for button in page(normal, ask="scores").button}
    job = next(job for job in jobs.jobs() if job.task == "scores")
    assert job.arguments == {"source": normal, "methods": ["color_histogram", "pixels"], "label": "label"}
    job.result, job.state = scores_task.run(job.arguments, silent), "done"
    app = page(normal, ask="scores")
    table = app.dataframe[0].value
    rows = {row["method"]: row for row in job.result["rows"]}
    assert set(table["method"]) == {"pixels", "color_histogram", "random vectors", "shuffled labels"}
    assert table.set_index("method")["maps"]["pixels"] == f"PCA {found[0].faithfulness.knn_recall:.2f}"
    assert {"silhouette", "fit_seconds"} <= set(table.columns)
    assert table["map"].is_monotonic_decreasing
    assert list(table["map_by_chance"]) == [rows[method]["map_by_chance"] for method in table["method"]]
    assert "shuffled labels" in said(app)
    assert "Average precision here" in said(app)
    kept = app.dataframe[1].value.set_index("Map")["Trustworthiness"]
    assert list(kept) == [result.faithfulness.trustworthiness for result in found]
    assert "recall_at_5_low" not in table.columns
    app.toggle(key="compare_intervals").set_value(True).run()
    wide = app.dataframe[0].value
    assert (wide["recall_at_5_low"] <= wide["recall_at_5"]).all()
    assert (wide["recall_at_5"] <= wide["recall_at_5_high"]).all()


def test_the_table_as_a_file_has_a_row_a_method() -> None:
    assert compare_scores.table_csv([{"method": "a,b", "map": 0.5}]) == 'method,map\n"a,b",0.5\n'


def test_without_labels_scores_say_how_to_give_them(tmp_path: Path) -> None:
    bare = folder_of(tmp_path / "bare", ["a.png", "b.png", "c.png", "d.png"])
    make_maps(bare)
    assert "Scores need a label" in said(page(bare, ask="scores"))


def test_agreement_is_a_job_whose_measures_fill_the_matrix(normal: str, jobs: JobManager) -> None:
    make_maps(normal)
    app = page(normal, ask="agree")
    assert "Cancel" in {button.label for button in app.button}
    assert len(app.get("plotly_chart")) == 1  # shared neighbours need no job
    job = next(job for job in jobs.jobs() if job.task == "agreement")
    assert job.arguments == {"source": normal, "methods": ["pixels", "color_histogram"], "k": 10}
    job.result, job.state = agreement_task.run(job.arguments, silent), "done"
    app = page(normal, ask="agree")
    row = app.dataframe[0].value.iloc[0]
    pair = job.result["pairs"][0]
    assert row["matched at random"] == pair["null_overlap"]
    assert (row["CKA"], row["Rank correlation"], row["p"]) == (pair["cka"], pair["rank_correlation"], pair["p"])
    assert "handed out anew, 99 times" in said(app)


def test_a_measure_of_pairs_as_a_symmetric_matrix() -> None:
    pairs = [{"cka": 0.1}, {"cka": 0.2}, {"cka": None}]  # 0 and 1, 0 and 2, 1 and 2
    values = compare_agree.matrix_of(pairs, 3, "cka")
    assert values[0, 1] == values[1, 0] == np.float32(0.1)
    assert values[2, 0] == np.float32(0.2)
    assert np.isnan(values[2, 1])
    assert (np.diag(values) == 1).all()
    assert np.isnan(compare_agree.matrix_of([], 2, "cka")[0, 1])


def test_who_moves_with_its_neighbours_does_not_move() -> None:
    random = np.random.default_rng(2)
    start = np.concatenate([random.normal(size=(20, 2)), random.normal(size=(20, 2)) + 30]).astype(np.float32)
    end = start.copy()
    end[20:] += [0, 50]  # an island moves as a whole
    end[3] += [4, 3]  # one image leaves the other
    found = movement(start, end)
    size = np.sqrt(((start - start.mean(axis=0)) ** 2).sum(axis=1).mean())
    assert found[3] == pytest.approx(5 / size, rel=1e-3)
    assert np.delete(found, 3).max() < 1e-6
    assert movement(start[:1], end[:1]).tolist() == [0]
    with pytest.raises(InputError, match="one shape"):
        movement(start, end[:5])


def told_by(app: AppTest) -> list[dict[str, Any]]:
    """What the components of the page are told."""
    protos = [block.proto for block in app.get("bidi_component")]
    texts = [json.loads(proto.json or proto.mixed.json or "{}").get("told", "{}") for proto in protos]
    return [json.loads(text) for text in texts]


def test_the_morph_goes_from_one_map_to_the_other_and_names_who_moves(normal: str) -> None:
    found = make_maps(normal, "pixels|pca;pixels|tsne")  # of one space, drawn in two ways
    one, two = compare_maps.registered(found)
    app = page(normal, panels="pixels|pca;pixels|tsne", ask="morph")
    moved = movement(one.projection.xy, two.projection.xy)
    told = next(data for data in told_by(app) if "trails" in data)
    assert told["names"] == ["Pixels · PCA", "Pixels · t-SNE"]
    assert np.allclose(told["start"], one.projection.xy, atol=1e-4)
    assert np.allclose(told["end"], two.projection.xy, atol=1e-4)
    assert set(told["trails"]) == set(np.argsort(-moved, kind="stable")[:TRAILS])
    assert shown(one.projection.xy, two.projection.xy, [0, 99], [0])["colors"] == [0, len(PALETTE)]
    assert moved.max() > 0
    assert "who leaves one does" in said(app)


def test_two_rows_are_ranked_alike_only_if_they_are_the_same(normal: str) -> None:
    one, two = compare_maps.registered(make_maps(normal))
    assert rbo(one, one, 0) == pytest.approx(1)
    assert rbo(one, two, 0) == pytest.approx(rbo(two, one, 0))
    assert rbo(one, two, 0) < 1
