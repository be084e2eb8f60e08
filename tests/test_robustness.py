"""Robustness: transformations at any strength, ranks of originals worked out by hand, the store, command and task."""

from __future__ import annotations

import csv
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from imgsim import robustness
from imgsim.cli import run
from imgsim.errors import InputError, UnknownIdError
from imgsim.evaluation.robustness import own_ranks, wilson_interval
from imgsim.images.transformations import TRANSFORMATIONS, transformation
from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline
from imgsim.progress import silent
from imgsim.robustness.run import Run
from imgsim.tasks import robustness as task

ALL = list(TRANSFORMATIONS.values())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """12 smooth pictures in strong colours, unlike their mirror images."""
    random, place = np.random.default_rng(3), tmp_path / "pictures"
    place.mkdir()
    for i in range(12):
        small = Pillow.fromarray(random.integers(0, 255, (4, 5, 3)).astype(np.uint8))
        small.resize((80, 64), Pillow.Resampling.BICUBIC).save(place / f"{i:02}.png")
    return place


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)
def test_strength_zero_is_the_picture_and_more_changes_it_more(one, astronaut) -> None:
    picture = astronaut[100:300, 150:300]
    assert one.apply(picture, 0) is picture
    assert 0 not in one.levels
    assert list(one.levels) == sorted(one.levels)
    assert one.low <= one.levels[0]
    assert one.levels[-1] <= one.high
    away = {level: _away(picture, one.apply(picture, level)) for level in one.levels if one.id != "rotation"}
    rising = [away[level] for level in sorted(away, key=abs) if level > 0]
    assert all(a < b for a, b in pairwise(rising)), away
    assert all(value > 0.5 for value in away.values())


def _away(picture: np.ndarray, edited: np.ndarray) -> float:
    """Mean difference in grey levels at the picture's size."""
    height, width = picture.shape[:2]
    back = np.asarray(Pillow.fromarray(edited).resize((width, height), Pillow.Resampling.BICUBIC))
    return float(np.abs(back.astype(float) - picture).mean())


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)
@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 3, 3), (40, 1, 3)])
def test_the_smallest_pictures_survive_the_strongest(one, shape) -> None:
    picture = np.full(shape, 90, np.uint8)
    for strength in (one.low, one.high):
        edited = one.apply(picture, strength)
        assert edited.dtype == np.uint8
        assert edited.shape[2] == 3
        assert edited.size > 0
        assert edited.flags.c_contiguous


def test_transformations_do_what_their_units_say(astronaut) -> None:
    picture = astronaut[:200, :300]
    assert (transformation("mirror").apply(picture, 1) == picture[:, ::-1]).all()
    assert (transformation("rotation").apply(picture, 180) == picture[::-1, ::-1]).all()
    assert transformation("rotation").apply(picture, 90).shape == (300, 200, 3)
    assert transformation("crop").apply(picture, 50).shape == (100, 150, 3)
    assert transformation("scale").apply(picture, 75).shape == (50, 75, 3)
    grey = transformation("grey").apply(picture, 100)
    assert (grey == grey[..., :1]).all()
    doubled = transformation("brightness").apply(np.full((4, 4, 3), 60, np.uint8), 100)
    assert (doubled == 120).all()
    covered = transformation("occlusion").apply(np.zeros((100, 200, 3), np.uint8), 25)
    assert (covered == 128).all(axis=2).mean() == pytest.approx(0.25, abs=0.02)


def test_a_strength_out_of_range_and_an_unknown_one_are_sentences() -> None:
    with pytest.raises(InputError, match="jpeg must have a strength from 0 to 99"):
        transformation("jpeg").apply(np.zeros((4, 4, 3), np.uint8), 100)
    with pytest.raises(UnknownIdError, match="did you mean 'rotation'"):
        transformation("rotaton")


def test_ranks_by_hand() -> None:
    far = np.array([[0.1, 0.5, 0.9], [0.4, 0.4, 0.2], [0.0, 0.0, 0.0]])
    own = np.array([0.1, 0.4, 0.0])  # the originals are columns 0, 1 and 2
    counts = ~np.eye(3, dtype=bool)
    assert own_ranks(own, far, counts).tolist() == [1, 3, 3]  # a tie and a closer one; two ties
    counts[1, 2] = False  # a copy is no rival
    assert own_ranks(own, far, counts).tolist() == [1, 2, 3]
    with pytest.raises(InputError, match="same rivals"):
        own_ranks(own, far[:2], counts)


def test_wilson_interval_is_that_of_the_textbook_and_of_scipy() -> None:
    from scipy.stats import binomtest

    for hits, n in ((0, 10), (10, 10), (3, 22), (40, 60)):
        known = binomtest(hits, n).proportion_ci(method="wilson")
        assert wilson_interval(hits, n) == pytest.approx((known.low, known.high), abs=1e-9)
    assert np.isnan(wilson_interval(0, 0)).all()


def test_a_histogram_of_colours_is_blind_to_mirrors_and_not_to_hue(folder) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(str(folder))
    methods = [METHODS.parse("color_histogram"), METHODS.parse("pixels")]
    sweep = robustness.measure(pipeline, collection, methods, ["mirror", "hue"])
    assert (sweep.n_images, sweep.n_rivals, sweep.recall_by_chance) == (12, 12, pytest.approx(1 / 12))
    found = {(p.method.split(":")[0], p.transformation, p.strength): p for p in sweep.points}
    colours, pixels = (found[method, "mirror", 1.0] for method in ("color_histogram", "pixels"))
    assert (colours.recall_at_1, colours.similarity) == (1, pytest.approx(1, abs=1e-5))
    assert colours.percentile == 100
    assert pixels.recall_at_1 < 0.5
    assert found["color_histogram", "hue", 180.0].recall_at_1 < 0.6
    for (_, _, strength), point in found.items():
        low, high = point.recall_at_1_ci
        assert low <= point.recall_at_1 <= high
        assert point.similarity_ci[0] - 1e-9 <= point.similarity <= point.similarity_ci[1] + 1e-9
        if strength == 0:
            assert (point.recall_at_1, point.median_rank) == (1, 1)
            assert point.similarity == pytest.approx(1, abs=1e-5)
            assert sweep.similarity_by_chance[point.method] < 0.95


def test_recall_and_similarity_are_those_of_single_searches(folder) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(str(folder))
    sweep = robustness.measure(pipeline, collection, [METHODS.parse("hog")], ["rotation"], n_images=5)
    rows = robustness.choose(collection, 5).rows
    space = pipeline.embed(collection, [METHODS.parse("hog")])[0]
    point = next(p for p in sweep.points if p.strength == 30)
    answers = []
    for row in rows.tolist():
        edited = transformation("rotation").apply(pipeline.read_image(collection, row), 30)
        answers.append(pipeline.search(collection, space, pipeline.embed_image(space, edited), 12))
    assert point.recall_at_1 == np.mean([a[0].id == collection.ids[r] for a, r in zip(answers, rows, strict=True)])
    own = [next(m for m in a if m.id == collection.ids[r]) for a, r in zip(answers, rows, strict=True)]
    assert point.similarity == pytest.approx(np.mean([m.score for m in own]), abs=1e-5)
    assert point.median_rank == np.median([m.rank for m in own])


def test_copies_and_family_members_are_no_rivals(folder) -> None:
    (folder / "copy.png").write_bytes((folder / "03.png").read_bytes())
    (folder / "labels.csv").write_text(
        "path,photo,edit\n" + "".join(f"{i:02}.png,p{i // 2},e{i % 2}\n" for i in range(12)) + "copy.png,p1,e9\n"
    )
    collection = Pipeline().open(str(folder))
    sample = robustness.choose(collection, 50)
    assert len(sample.rows) == 12  # the copy is not asked again
    own = np.asarray(collection.hashes)[sample.rows][:, None] == np.asarray(collection.hashes)[sample.rivals]
    assert (sample.counts == ~own).all()
    assert robustness.family_field(collection) == "photo"
    families = robustness.choose(collection, 50, "photo")
    assert len(families.rows) == 6
    photo = collection.field("photo")
    assert not families.counts[photo[families.rows][:, None] == photo[families.rivals]].any()
    assert families.counts.any(axis=1).all()


def test_the_store_answers_again_and_a_new_method_costs_only_itself(folder, monkeypatch) -> None:
    pipeline = Pipeline()
    collection, hog = pipeline.open(str(folder)), METHODS.parse("hog")
    first = robustness.measure(pipeline, collection, [hog], ["blur"])
    asked: list[list[str]] = []
    measured = Run._measured
    monkeypatch.setattr(
        Run,
        "_measured",
        lambda self, spaces, *rest: asked.append([space.method for space in spaces]) or measured(self, spaces, *rest),
    )
    assert robustness.measure(pipeline, collection, [hog], ["blur"]) == first
    assert asked == []
    both = robustness.measure(pipeline, collection, [METHODS.parse("pixels"), hog], ["blur"])
    assert asked == [["pixels"], ["pixels"]]
    assert tuple(p for p in both.points if p.method == first.points[0].method) == first.points


def test_what_a_method_finds_does_not_depend_on_the_others(tmp_path) -> None:
    random = np.random.default_rng(0)
    for i in range(4):  # large enough that methods of small needs could be given less
        small = Pillow.fromarray(random.integers(0, 255, (40, 50, 3)).astype(np.uint8))
        small.resize((750, 600), Pillow.Resampling.BICUBIC).save(tmp_path / f"{i}.png")
    pipeline = Pipeline()
    collection = pipeline.open(str(tmp_path))
    phash, pixels = METHODS.parse("phash"), METHODS.parse("pixels:size=64")
    alone = robustness.measure(pipeline, collection, [phash], ["crop"]).points
    pipeline.store.clear()
    collection = pipeline.open(str(tmp_path))
    both = robustness.measure(pipeline, collection, [pixels, phash], ["crop"]).points
    assert tuple(point for point in both if point.method.startswith("phash")) == alone
    assert robustness.shrunk(pipeline.read_image(collection, 0)).shape == (512, 640, 3)


def test_one_picture_has_nobody_to_be_told_from(tmp_path) -> None:
    Pillow.new("RGB", (20, 20)).save(tmp_path / "alone.png")
    with pytest.raises(InputError, match="two different images"):
        robustness.measure(Pipeline(), Pipeline().open(str(tmp_path)), [METHODS.parse("pixels")])
    with pytest.raises(InputError, match="name a method"):
        robustness.measure(Pipeline(), Pipeline().open(str(tmp_path)), [])


def test_the_command_gives_json_and_a_table(capsys, folder, tmp_path) -> None:
    command = [
        "robustness",
        str(folder),
        "-m",
        "pixels:size=24",
        "-m",
        "hog",
        "-t",
        "jpeg",
        "-t",
        "mirror",
        "--images",
        "6",
    ]
    assert run([*command, "--csv", str(tmp_path / "r.csv"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"method", "transformation", "strength", "recall_at_1", "similarity"} <= set(told["results"][0])
    order = [(r["method"], r["transformation"]) for r in told["results"]]
    kinds = [("jpeg", 5), ("mirror", 2)]
    assert order == [(method, kind) for method in ("pixels:size=24", "hog") for kind, n in kinds for _ in range(n)]
    assert told["n_images"] == 6
    rows = list(csv.DictReader((tmp_path / "r.csv").read_text().splitlines()))
    assert len(rows) == len(told["results"])
    assert float(rows[0]["recall_at_1_low"]) == pytest.approx(told["results"][0]["recall_at_1_ci"][0])
    assert run(["robustness", str(folder), "-m", "hog", "-t", "jpg"]) == 2
    assert "did you mean 'jpeg'" in capsys.readouterr().err


def test_the_task_gives_what_json_can_hold(folder) -> None:
    told = task.run({"source": str(folder), "methods": ["pixels"], "transformations": ["hue"], "n_images": 3}, silent)
    assert json.loads(json.dumps(told))["points"][0]["strength"] == 0
    assert len(told["points"]) == 1 + len(TRANSFORMATIONS["hue"].levels)
