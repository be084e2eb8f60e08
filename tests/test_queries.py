"""Queries: Rocchio and joined rankings by hand, regions, filters, and how the command and the engine ask."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imgsim import ImageSimilarityEngine, Pipeline, queries
from imgsim.cli import run
from imgsim.errors import InputError, UnknownIdError
from imgsim.methods import METHODS
from imgsim.neighbors.feedback import STANDARD, Weights, joined_ranks, moved_query
from imgsim.queries import Example, Query, Region, parse_region

RED, GREEN, BLUE = (220, 20, 20), (20, 200, 20), (20, 20, 220)


def halves(left: tuple[int, int, int], right: tuple[int, int, int]) -> Image.Image:
    picture = Image.new("RGB", (120, 60), left)
    picture.paste(right, (60, 0, 120, 60))
    return picture


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Plain pictures of three colours in folders, and one that is half red, half blue."""
    for name, color in (("red", RED), ("green", GREEN), ("blue", BLUE)):
        (tmp_path / "set" / name).mkdir(parents=True)
        for number in range(3):
            shade = tuple(max(0, value - 6 * number) for value in color)
            Image.new("RGB", (80, 60), shade).save(tmp_path / "set" / name / f"{number}.png")
    halves(RED, BLUE).save(tmp_path / "half.png")
    return tmp_path


def test_rocchio_is_the_published_sum() -> None:
    query, likes, dislikes = np.array([1.0, 0]), [np.array([0.0, 1]), np.array([2.0, 3])], [np.array([4.0, 4])]
    given = [[vector.astype(np.float32) for vector in group] for group in ([query], likes, dislikes)]
    moved = moved_query(given[0][0], given[1], given[2], "euclidean")
    # 1 (1, 0) + 0.75 (1, 2) - 0.15 (4, 4)
    assert np.allclose(moved, [1.15, 0.9])
    assert np.allclose(moved_query(None, given[1], [], "euclidean", Weights(1, 2, 0)), [2, 4])
    assert np.allclose(moved_query(given[0][0], [], [], "manhattan"), [1, 0])


def test_rocchio_of_cosine_counts_directions_not_lengths() -> None:
    like = np.array([0, 100], np.float32)
    assert np.allclose(moved_query(np.array([2, 0], np.float32), [like], [], "cosine", Weights(1, 1, 0)), [1, 1])


def test_bits_and_histograms_have_joined_rankings_instead() -> None:
    with pytest.raises(InputError, match="join the rankings"):
        moved_query(np.array([1, 0], np.float32), [], [], "hamming")
    far = [np.array(values, np.float32) for values in ([0, 1, 2], [2, 1, 0], [0, 5, 5])]
    found = joined_ranks(far[0], [far[1]], [far[2]], Weights(1, 0.5, 0.25))
    expected = [1 / 61 + 0.5 / 63 - 0.25 / 61, 1.5 / 62 - 0.25 / 62.5, 1 / 63 + 0.5 / 61 - 0.25 / 62.5]
    assert np.allclose(found, expected)
    with pytest.raises(InputError, match="at least one example"):
        joined_ranks(None, [], [])
    with pytest.raises(InputError, match="at least one"):
        moved_query(None, [], [], "cosine")
    with pytest.raises(InputError, match="0 or more"):
        Weights(-1)


def test_a_region_is_cut_in_shares_or_in_pixels() -> None:
    pixels = np.asarray(halves(RED, BLUE))
    right = parse_region("0.5,0,0.5,1")
    assert (right.crop(pixels) == BLUE).all()
    assert right.crop(pixels).shape == (60, 60, 3)
    assert parse_region("60,0,60,60", 120, 60) == right
    assert parse_region(right.text) == right
    for text, said in (("1,2,3", "x,y,width,height"), ("0.8,0,0.5,1", "inside"), ("0,0,0,1", "at least 1%")):
        with pytest.raises(InputError, match=said):
            parse_region(text)
    assert Region(0.99, 0.99, 0.01, 0.01).crop(pixels[:3, :3]).shape == (1, 1, 3)


def test_a_region_finds_what_it_shows(folder: Path) -> None:
    index = ImageSimilarityEngine("color_histogram").index(folder / "set")
    half = str(folder / "half.png")
    assert index.search(half, 1, region="0,0,0.5,1")[0].id.startswith("red/")
    assert index.search(half, 1, region="60,0,60,60")[0].id.startswith("blue/")
    found = index.search("green/0.png", 8, region="0,0,0.5,0.5")
    assert found[0].id == "green/1.png"
    assert "green/0.png" not in {match.id for match in found}


def test_likes_and_dislikes_move_the_answer(folder: Path) -> None:
    index = ImageSimilarityEngine("color_moments").index(folder / "set")
    assert index.embeddings.metric == "manhattan"
    liked = index.search(likes=["blue/0.png", "blue/1.png"], k=7)
    assert liked[0].id == "blue/2.png"
    assert {"blue/0.png", "blue/1.png"}.isdisjoint(match.id for match in liked)
    away = index.search("red/0.png", 7, dislikes=["blue/0.png"], weights=Weights(1, 0, 1))
    rows, vectors = index.collection.rows, index.embeddings.vectors
    moved = vectors[rows["red/0.png"]] - vectors[rows["blue/0.png"]]
    expected = np.abs(vectors[[rows[match.id] for match in away]] - moved).sum(axis=1)
    assert [match.distance for match in away] == pytest.approx(expected, rel=1e-5)
    assert (np.diff(expected) > -1e-5).all()
    with pytest.raises(InputError, match="or likes"):
        index.search(dislikes=["blue/0.png"])


@pytest.mark.parametrize("method", ["phash", "color_histogram"])
def test_joined_rankings_find_what_is_liked_too(method: str, folder: Path) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(str(folder / "set"))
    space = pipeline.embed(collection, [METHODS.parse(method)])[0]
    query = Query(Example(row=0), likes=(Example(row=3),), dislikes=(Example(row=8),), weights=STANDARD)
    answer = queries.search(pipeline, collection, [space], query, k=9)
    far = [np.array(pipeline.distances(space, space.vectors[row], row)) for row in (0, 3, 8)]
    for row, one in zip((0, 3, 8), far, strict=True):
        one[row] = -1
    scores = joined_ranks(far[0], [far[1]], [far[2]])
    rows = [collection.rows[match.id] for match in answer.matches]
    assert rows == sorted(set(range(9)) - {0, 3, 8}, key=lambda row: (-scores[row], row))
    assert [match.score for match in answer.matches] == pytest.approx(scores[rows])
    assert min(match.distance for match in answer.matches) >= 0
    assert answer.percentiles == []


def test_filters_keep_values_and_ranges(folder: Path) -> None:
    collection = Pipeline().open(str(folder / "set"))
    label = next(name for name, values in collection.fields.items() if values.dtype.kind != "f" and "red" in values)
    keep = queries.allowed(collection, [f"{label}=red", f"{label}=blue"])
    assert [collection.ids[row].partition("/")[0] for row in np.flatnonzero(keep)] == ["blue"] * 3 + ["red"] * 3
    number = next((name for name, values in collection.fields.items() if values.dtype.kind == "f"), None)
    assert number is not None
    assert queries.allowed(collection, [f"{number}=..1e9", f"{label}=green"]).sum() == 3
    assert not queries.allowed(collection, [f"{number}=1e9.."]).any()
    with pytest.raises(UnknownIdError, match="did you mean 'red'"):
        queries.allowed(collection, [f"{label}=redd"])
    with pytest.raises(InputError, match="FIELD=VALUE"):
        queries.allowed(collection, ["red"])
    with pytest.raises(InputError, match="number or a range"):
        queries.allowed(collection, [f"{number}=red"])


def test_a_filter_leaves_the_order_as_it_was(folder: Path) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(str(folder / "set"))
    space = pipeline.embed(collection, [METHODS.parse("color_histogram")])[0]
    every = queries.search(pipeline, collection, [space], Query(Example(row=4)), k=9)
    some = queries.search(pipeline, collection, [space], Query(Example(row=4)), k=9, allowed=np.arange(9) % 2 == 1)
    kept = [(m, p) for m, p in zip(every.matches, every.percentiles, strict=True) if collection.rows[m.id] % 2]
    assert [(m.id, m.distance) for m in some.matches] == [(m.id, m.distance) for m, _ in kept]
    assert some.percentiles == [p for _, p in kept]
    assert (every.n_candidates, some.n_candidates) == (8, 4)


def test_an_outside_picture_is_embedded_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(str(folder / "set"))
    space = pipeline.embed(collection, [METHODS.parse("color_histogram")])[0]
    example = Example(pixels=np.asarray(halves(GREEN, GREEN)))
    assert queries.find_vector(pipeline, collection, space, example) is None
    first = queries.vector(pipeline, collection, space, example)
    monkeypatch.setattr(pipeline, "embed_image", lambda *_: pytest.fail("embedded twice"))
    assert (queries.vector(pipeline, collection, space, example) == first).all()
    part = Example(pixels=example.pixels, region=Region(0, 0, 0.5, 0.5))
    assert queries.find_vector(pipeline, collection, space, part) is None


def test_the_command_takes_regions_likes_and_filters(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, half = str(folder / "set"), str(folder / "half.png")
    base = ["search", source, "--json", "-m", "color_histogram"]
    assert run([*base, half, "--region", "0.5,0,0.5,1", "-k", "1"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["matches"][0]["id"].startswith("blue/")
    assert 0 <= told["matches"][0]["percentile"] <= 100
    assert run([*base, half, "--where", "label=green"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["n_candidates"], len(told["matches"])) == (3, 3)
    assert {match["id"].partition("/")[0] for match in told["matches"]} == {"green"}
    assert run([*base, "--like", "blue/0.png", "--dislike", "red/0.png", "-k", "2"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["matches"][0]["id"].startswith("blue/")
    assert "percentile" not in told["matches"][0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["half.png", "--region", "2,2"], "x,y,width,height"),
        (["--like", "blue/0.png", "--region", "0,0,1,1"], "region must be of a query image"),
        (["--dislike", "blue/0.png"], "--like"),
        (["--like", "blue/9.png"], "check the path"),
        (["--like", "blue/0.png", "--weights", "1,2"], "three numbers"),
        (["blue/0.png", "--where", "colour=red"], "field must be"),
        (["--like", "blue/0.png", "--rerank", "mse"], "--rerank must have an image"),
    ],
)
def test_bad_queries_end_with_one_sentence(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(folder)
    assert run(["search", str(folder / "set"), "-m", "color_histogram", *arguments]) == 2
    assert said in capsys.readouterr().err
