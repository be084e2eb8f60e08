"""Scorecards of methods on a collection's label: the store, the command line, the reference figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from imgsim import neighbors, scorecard
from imgsim.cli import run
from imgsim.errors import InputError, UnknownIdError
from imgsim.evaluation.silhouette import silhouettes
from imgsim.methods import METHODS
from imgsim.neighbors import METRICS, DistanceBlocks
from imgsim.pipeline import Pipeline


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three colours of six noisy pictures each, all with the same outlines."""
    random = np.random.default_rng(0)
    for label, colour in {"red": (200, 40, 40), "green": (40, 170, 50), "blue": (40, 60, 210)}.items():
        (tmp_path / "pictures" / label).mkdir(parents=True)
        for i in range(6):
            pixels = np.clip(np.array(colour) + random.normal(0, 30, (40, 40, 3)), 0, 255).astype(np.uint8)
            Pillow.fromarray(pixels).save(tmp_path / "pictures" / label / f"{i}.png")
    return tmp_path / "pictures"


@pytest.mark.parametrize("metric", list(METRICS))
def test_blocks_are_the_distances(metric):
    random = np.random.default_rng(0)
    vectors = random.random((30, 12)).astype(np.float32)
    if metric == "hamming":
        vectors = (vectors > 0.5).astype(np.float32)
    vectors /= 1 if metric == "hamming" else vectors.sum(axis=1, keepdims=True)
    vectors[7] = vectors[3]
    blocks = DistanceBlocks(vectors, metric)
    far = blocks(np.arange(30, dtype=np.int32))
    for row in (0, 3, 29):
        wanted = neighbors.pair_distances(np.repeat(vectors[[row]], 30, axis=0), vectors, metric)
        np.testing.assert_allclose(far[row], wanted, atol=1e-6)
    assert far[3, 7] == 0
    np.testing.assert_array_equal(far[:, 3], far[:, 7])
    np.testing.assert_array_equal(blocks(np.array([5, 2])), far[[5, 2]])


def test_colours_are_found_by_colour_and_not_by_outline(capsys, folder):
    arguments = ["evaluate", str(folder), "-m", "color_histogram", "-m", "hog", "-m", "phash", "--label", "label"]
    assert run([*arguments, "--json"]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    told = json.loads(out)
    keys = {"method", "map", "map_ci", "recall_at_1", "recall_at_5", "knn_accuracy", "null_map", "dim"}
    assert all(keys | {"images_per_s", "bytes_per_image"} <= set(row) for row in told["results"])
    color, hog, phash = told["results"]
    assert (told["n_queries"], told["n_classes"]) == (18, 3)
    assert color["recall_at_1"] == color["map"] == color["knn_accuracy"] == 1
    assert hog["map"] < 0.7
    assert color["null_map"] == pytest.approx(5 / 17, abs=0.15)
    assert (phash["dim"], phash["bytes_per_image"]) == (64, 8)
    assert hog["bytes_per_image"] == 4 * hog["dim"]
    assert color["silhouette"] > 0.4 > 0.1 > hog["silhouette"]
    assert color["silhouette_ci"][0] < color["silhouette"] < color["silhouette_ci"][1]
    assert color["fit_seconds"] == 0


def test_random_vectors_score_what_chance_gives():
    labels = np.array(["a", "b", "c", "d"] * 60)
    card = scorecard.random_card(labels)
    assert card.method == "random vectors"
    assert card.retrieval.map == pytest.approx(0.25, abs=0.02)
    assert card.retrieval.recall_at_1 == pytest.approx(0.25, abs=0.1)
    assert card.silhouette == pytest.approx(0, abs=0.03)
    assert scorecard.random_card(labels) == card


def test_shuffled_labels_score_chance_by_every_measure(folder, capsys):
    assert run(["evaluate", str(folder), "-m", "color_histogram", "--label", "label", "--baselines", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["results"]
    assert [row["method"] for row in told] == ["color_histogram", "pixels", "random vectors", "shuffled labels"]
    assert told[3]["map"] == pytest.approx(5 / 17, abs=0.15)
    assert told[3]["dim"] == told[1]["dim"]
    low, high = told[0]["recall_at_5_ci"]
    assert low <= told[0]["recall_at_5"] <= high


def test_learning_takes_time_that_is_noted(folder):
    pipeline = Pipeline()
    collection = pipeline.open(str(folder))
    methods = [METHODS.parse("eigenimages"), METHODS.parse("pixels")]
    learnt, ready = scorecard.evaluate(pipeline, collection, methods, "label")
    assert ready.fit_seconds == 0
    assert 0 < learnt.fit_seconds < 60


def test_the_second_time_nothing_is_ranked(folder, monkeypatch):
    def cards() -> list[scorecard.Scorecard]:
        pipeline = Pipeline()
        return scorecard.evaluate(pipeline, pipeline.open(str(folder)), [METHODS.parse("hog:cell=32")], "label")

    first = cards()
    monkeypatch.setattr(scorecard, "retrieval", lambda *_, **__: pytest.fail("ranked again"))
    assert cards() == first
    assert first[0].method.startswith("hog:")
    assert first[0].retrieval.map_ci[0] <= first[0].retrieval.map <= first[0].retrieval.map_ci[1]


def test_changed_labels_are_never_served_stale(folder):
    def told(swapped: bool) -> scorecard.Scorecard:
        rows = {path.relative_to(folder).as_posix(): path.parent.name for path in folder.rglob("*.png")}
        if swapped:
            rows["blue/0.png"] = "red"
        (folder / "labels.csv").write_text("path,mine\n" + "".join(f"{a},{b}\n" for a, b in rows.items()))
        pipeline = Pipeline()
        return scorecard.evaluate(pipeline, pipeline.open(str(folder)), [METHODS.parse("color_histogram")], "mine")[0]

    assert told(swapped=False).retrieval.recall_at_1 == 1
    assert told(swapped=True).retrieval.recall_at_1 <= 17 / 18


def test_fields_that_cannot_be_classes_are_refused(capsys, folder):
    assert run(["evaluate", str(folder), "-m", "pixels", "--label", "lable"]) == 2
    assert "did you mean 'label'?" in capsys.readouterr().err
    pipeline = Pipeline()
    with pytest.raises(UnknownIdError):
        scorecard.evaluate(pipeline, pipeline.open(str(folder)), [METHODS.parse("pixels")], "nothing")
    (folder / "labels.csv").write_text(
        "path,own\n" + "".join(f"{path.relative_to(folder)},{i}x\n" for i, path in enumerate(folder.rglob("*.png")))
    )
    with pytest.raises(InputError, match="choose another field"):
        scorecard.evaluate(pipeline, pipeline.open(str(folder)), [METHODS.parse("pixels")], "own")


def test_silhouettes_are_scikit_learns():
    from sklearn.metrics import silhouette_samples

    random = np.random.default_rng(1)
    points = random.normal(size=(40, 3)).astype(np.float32)
    labels = np.array([*"abc" * 13, "alone"])
    far = np.linalg.norm(points[:, None] - points[None], axis=2)
    found = silhouettes(labels, lambda rows: far[rows])
    np.testing.assert_allclose(found, silhouette_samples(far, labels, metric="precomputed"), atol=1e-5)
    bare = np.where(np.arange(40) < 5, "", labels)  # without a label nobody takes part
    known = silhouette_samples(far[5:, 5:], labels[5:], metric="precomputed")
    np.testing.assert_allclose(silhouettes(bare, lambda rows: far[rows]), known, atol=1e-5)
    assert len(silhouettes(labels, lambda rows: far[rows], n_queries=7)) == 7
    with pytest.raises(InputError, match="two classes"):
        silhouettes(np.array(["a"] * 40), lambda rows: far[rows])


def test_two_points_far_from_two_have_the_silhouette_of_the_formula():
    points = np.array([0.0, 1.0, 5.0, 6.0])
    far = np.abs(points[:, None] - points[None]).astype(np.float32)
    found = silhouettes(np.array([*"aabb"]), lambda rows: far[rows])
    assert found == pytest.approx([4.5 / 5.5, 3.5 / 4.5, 3.5 / 4.5, 4.5 / 5.5])


@pytest.mark.shared
def test_the_reference_figures_of_mobilenet_v2_on_clothing(shared_data, monkeypatch):
    monkeypatch.setenv("IMGSIM_WEIGHTS", str(shared_data / "weights"))
    pipeline = Pipeline()
    collection = pipeline.open(str(shared_data / "clothing"))
    method = METHODS.parse("mobilenet_v2:precision=fp32")
    told = scorecard.evaluate(pipeline, collection, [method], "label")[0].retrieval
    assert told.n_queries == 600
    assert told.recall_at_1 == pytest.approx(0.727, abs=0.01)
    assert told.map == pytest.approx(0.423, abs=0.005)
    assert told.null_map < 0.2
