"""Agreement of methods on a collection: the store, the command line, the task."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from imgsim import agreement
from imgsim.cli import run
from imgsim.errors import InputError
from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline
from imgsim.progress import silent
from imgsim.tasks import agreement as task


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """30 pictures: colour and stripes are independent."""
    random = np.random.default_rng(0)
    for i in range(30):
        pixels = np.full((32, 32, 3), random.integers(0, 120, 3))
        (pixels if i % 2 else pixels.swapaxes(0, 1))[:: random.integers(2, 9)] += 120
        Pillow.fromarray(pixels.astype(np.uint8)).save(tmp_path / f"{i:02}.png")
    return tmp_path


def test_methods_that_see_alike_agree_more_than_those_that_do_not(capsys, folder):
    methods = ["-m", "hog", "-m", "hog:cell=32", "-m", "color_histogram"]
    assert run(["compare", str(folder), *methods, "-k", "5", "--images", "3", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["n_images"], told["k"]) == (30, 5)
    alike, *others = told["pairs"]
    assert (alike["a"], alike["b"]) == ("hog", "hog:cell=32")
    assert {"neighbor_overlap", "cka", "rank_correlation", "p", "null_overlap"} <= set(alike)
    assert alike["p"] == 0.01
    for other in others:
        for name in ("neighbor_overlap", "rank_correlation", "cka", "rank_biased_overlap"):
            assert alike[name] > other[name]
        assert other["null_overlap"] == pytest.approx(5 / 29, abs=0.02)
    assert [len(alike[which]) for which in ("least_agreeing", "most_agreeing")] == [3, 3]
    assert alike["least_agreeing"][0]["neighbor_overlap"] < alike["most_agreeing"][0]["neighbor_overlap"]


def test_the_order_of_methods_does_not_count_and_the_store_answers_again(folder, monkeypatch):
    pipeline = Pipeline()
    collection = pipeline.open(str(folder))
    pixels, hog = METHODS.parse("pixels"), METHODS.parse("hog")
    first = agreement.compare(pipeline, collection, [pixels, hog])[0]
    monkeypatch.setattr(agreement, "_measured", None)
    second = agreement.compare(pipeline, collection, [hog, pixels])[0]
    assert (second.a.split(":")[0], second.b.split(":")[0]) == ("hog", "pixels")
    assert agreement.facts(second) | {"a": first.a, "b": first.b} == agreement.facts(first)
    np.testing.assert_array_equal(second.per_image, first.per_image)
    assert first.neighbor_overlap == pytest.approx(first.per_image.mean())
    assert first.per_image[first.least(1)[0]] == first.per_image.min()
    assert first.per_image[first.most(1)[0]] == first.per_image.max()


def test_a_method_agrees_with_itself(folder):
    pipeline = Pipeline()
    hog = METHODS.parse("hog")
    same = agreement.compare(pipeline, pipeline.open(str(folder)), [hog, hog], k=4)[0]
    assert (same.neighbor_overlap, same.p) == (1, 0.01)
    values = (same.cka, same.rank_correlation, same.rank_biased_overlap)
    assert values == pytest.approx((1, 1, 1))


def test_one_method_is_not_a_comparison(capsys, folder):
    with pytest.raises(InputError, match="2 methods"):
        agreement.compare(Pipeline(), Pipeline().open(str(folder)), [METHODS.parse("hog")])
    assert run(["compare", str(folder), "-m", "hog"]) == 2
    assert "2 methods" in capsys.readouterr().err


def test_the_task_gives_json(folder):
    told = task.run({"source": str(folder), "methods": ["hog", "pixels"], "k": 3}, silent)
    assert json.loads(json.dumps(told))["pairs"][0]["k"] == 3
