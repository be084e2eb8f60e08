"""Fusion of rankings and re-ranking by pair scores: by hand, and by the commands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from imgsim import queries
from imgsim.cli import run
from imgsim.engine import ImageSimilarityEngine
from imgsim.errors import InputError, UnknownIdError
from imgsim.methods import METHODS
from imgsim.neighbors import fusion
from imgsim.pair_scores import PAIR_SCORES
from imgsim.pipeline import Pipeline
from imgsim.queries import Example, Query
from imgsim.ranking import fused_neighbors

A, B = np.array([0.1, 0.2, 0.9, 0.2], np.float32), np.array([3, 1, 2, 4], np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo's crops, each also darker and shifted."""
    import skimage.data

    root, photo = tmp_path_factory.mktemp("ranking"), skimage.data.astronaut()
    for i in range(6):
        crop = photo[i * 60 : i * 60 + 120, 100:260]
        Pillow.fromarray(crop).save(root / f"{i}.png")
        Pillow.fromarray((crop * 0.6).astype(np.uint8)).save(root / f"{i}_dark.png")
        Pillow.fromarray(np.roll(crop, 12, axis=1)).save(root / f"{i}_moved.png")
    return root


def test_equal_distances_share_their_rank() -> None:
    assert fusion.ranks(A).tolist() == [1, 2.5, 4, 2.5]


def test_reciprocal_rank_fusion_by_hand() -> None:
    expected = [1 / 61 + 1 / 63, 1 / 62.5 + 1 / 61, 1 / 64 + 1 / 62, 1 / 62.5 + 1 / 64]
    assert np.allclose(fusion.reciprocal_rank_fusion([A, B]), expected)
    assert fusion.best(fusion.fuse("rrf", [A, B], []), 2).tolist() == [1, 0]


def test_mean_rank_and_percentiles_by_hand() -> None:
    assert np.allclose(fusion.mean_rank([A, B]), [1 - 1 / 3, 1 - 0.75 / 3, 1 - 2 / 3, 1 - 2.25 / 3])
    assert np.allclose(fusion.comb_sum([np.array([90.0, 50]), np.array([10.0, 60])]), [0.5, 0.55])
    with pytest.raises(UnknownIdError, match="rrf"):
        fusion.fuse("rff", [A, B], [])
    with pytest.raises(InputError, match="same images"):
        fusion.mean_rank([A, B[:2]])


@pytest.mark.parametrize("how", fusion.FUSIONS)
def test_a_fused_graph_and_a_fused_search_agree(how: str, folder: Path) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(str(folder))
    spaces = pipeline.embed(collection, [METHODS.parse("hog"), METHODS.parse("color_histogram")])
    graph = fused_neighbors(pipeline, spaces, how, k=5)
    found = queries.search(pipeline, collection, spaces, Query(Example(row=4)), k=5, fuse=how).matches
    assert [m.id for m in found] == [collection.ids[j] for j in graph.indices[4]]
    assert (graph.indices != np.arange(18)[:, None]).all()
    assert (np.diff(graph.distances, axis=1) >= 0).all()


def test_an_image_from_outside_finds_itself_by_fusion(folder: Path) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(str(folder))
    spaces = pipeline.embed(collection, [METHODS.parse("hog"), METHODS.parse("color_histogram")])
    image = pipeline.read_image(collection, collection.row("2.png"))
    first = queries.search(pipeline, collection, spaces, Query(Example(pixels=image)), k=1).matches[0]
    assert first.id == "2.png"
    assert first.score == pytest.approx(2 / 61, abs=1e-3)


def test_the_search_command_fuses_and_reranks(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["search", str(folder), "3.png", "-m", "hog", "-m", "color_histogram", "-k", "3", "--json"]) == 0
    fused = [m["id"] for m in json.loads(capsys.readouterr().out)["matches"]]
    assert len(fused) == 3
    assert "3.png" not in fused
    asked = [
        "search",
        str(folder),
        "3.png",
        "-m",
        "color_histogram",
        "--rerank",
        "mse",
        "--candidates",
        "17",
        "-k",
        "3",
    ]
    assert run([*asked, "--json"]) == 0
    matches = json.loads(capsys.readouterr().out)["matches"]
    assert [m["score"] for m in matches] == sorted(m["score"] for m in matches)
    assert [m["rank"] for m in matches] == [1, 2, 3]
    pipeline = Pipeline()
    collection = pipeline.open(str(folder))
    score = PAIR_SCORES.parse("mse")
    pictures = {id: pipeline.read_image(collection, row) for id, row in collection.rows.items()}
    all_scores = {id: score.compare(pictures["3.png"], pictures[id]) for id in collection.ids if id != "3.png"}
    assert matches[0]["id"] == min(all_scores, key=lambda id: all_scores[id])
    assert run(["search", str(folder), "3.png", "--rerank", "sim"]) == 2
    assert "ssim" in capsys.readouterr().err


def test_pair_scores_reach_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = folder / "0.png", folder / "0_dark.png"
    assert run(["similarity", str(a), str(b), "-m", "ssim", "-m", "mse", "--json"]) == 0
    ssim, mse = json.loads(capsys.readouterr().out)["scores"]
    assert (ssim["distance"], mse["similarity"]) == (None, None)
    engine = ImageSimilarityEngine("hog")
    assert engine.compute_similarity(a, b, score="ssim") == pytest.approx(ssim["similarity"])
    assert engine.compute_similarity(a, a, score="mse") == 0 < mse["distance"]
