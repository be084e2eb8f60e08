"""Pairs: percentiles against pairs counted by hand, verdicts, stored evidence, uploads and the command."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imgsim import neighbors, pairs, uploads
from imgsim.cli import run
from imgsim.errors import InputError, UnknownIdError, UnreadableImageError
from imgsim.methods import METHODS
from imgsim.pair_scores import PAIR_SCORES
from imgsim.pairs.same_label import same_label_pairs
from imgsim.pairs.verdicts import verdict
from imgsim.pipeline import Pipeline
from imgsim.progress import silent
from imgsim.tasks import evidence as evidence_task
from imgsim.tasks import pair as pair_task
from tests.test_pages import folder_of


@pytest.fixture
def source(tmp_path: Path) -> str:
    return folder_of(tmp_path / "photos", [f"{'cats' if n % 2 else 'dogs'}/{n}.png" for n in range(8)])


def test_percentiles_are_counted_over_all_pairs(source: str) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(source)
    vectors = pipeline.embed(collection, [METHODS.parse("pixels")])[0].vectors
    scored = PAIR_SCORES.create("mse")
    for spec in ("pixels", "mse"):
        found = pairs.compare(pipeline, collection, 0, 3, [spec], label="label")[0]
        pictures = [scored.prepare(pipeline.read_image(collection, row, 256)) for row in range(8)]

        def far(i: int, j: int, spec: str = spec, pictures: list = pictures) -> float:
            if spec == "mse":
                return scored.score(pictures[i], pictures[j])
            return neighbors.distance(vectors[i], vectors[j], "cosine")

        all_pairs = [(i, j) for i in range(8) for j in range(i)]
        own = np.float32(far(0, 3))
        labels = collection.field("label")
        for wanted, chosen in (
            (found.percentile, all_pairs),
            (found.same_label_percentile, [(i, j) for i, j in all_pairs if labels[i] == labels[j]]),
        ):
            others = np.array([far(i, j) for i, j in chosen], np.float32)
            share = 100 * ((others > own).mean() + (others == own).mean() / 2)
            assert wanted == pytest.approx(share, abs=1e-4)


def test_a_pair_score_stands_in_the_column_of_its_direction(source: str) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(source)
    same = pairs.compare(pipeline, collection, 2, 2, ["ssim", "mse", "hog"])
    assert [row.method for row in same] == ["ssim", "mse", "hog"]
    assert (same[0].similarity, same[0].distance) == (pytest.approx(1), None)
    assert (same[1].similarity, same[1].distance) == (None, 0)
    assert [row.percentile for row in same] == [100, 100, 100]
    assert [row.same_label_percentile for row in same] == [None] * 3
    assert same[0].verdict == "Very alike: closer than 100 % of 28 random pairs."


def test_a_picture_from_outside_is_compared_like_the_same_inside(source: str) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(source)
    outside = pipeline.read_image(collection, 5)
    specs = ["pixels", "phash", "ssim", "eigenimages"]
    assert pairs.compare(pipeline, collection, 1, outside, specs) == pairs.compare(pipeline, collection, 1, 5, specs)
    assert pairs.compare(pipeline, collection, outside, 1, specs) == pairs.compare(pipeline, collection, 5, 1, specs)


def test_re_ranking_leaves_the_percentile_of_a_pair_as_it_is(source: str) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(source)
    plain, worn = pairs.compare(pipeline, collection, 0, 3, ["hog", "hog+k_reciprocal"])
    assert worn.percentile == pytest.approx(plain.percentile)


def test_pairs_of_one_label() -> None:
    labels = np.array(["a", "b", "a", "", "b", "a", "c", ""])
    first, second = same_label_pairs(labels, 100)
    assert sorted(zip(first.tolist(), second.tolist(), strict=True)) == [(0, 2), (0, 5), (1, 4), (2, 5)]
    first, second = same_label_pairs(np.repeat(np.array(["x", "y"]), [400, 20]), 5000)
    assert (first != second).all()
    assert ((first < 400) == (second < 400)).all()
    assert (first >= 400).mean() == pytest.approx(190 / (190 + 79800), abs=0.002)  # each pair is as likely
    numbers = np.array([1.0, np.nan, 1.0, np.nan])
    assert [rows.tolist() for rows in same_label_pairs(numbers, 9)] == [[0], [2]]
    assert len(same_label_pairs(np.array(["a", "b"]), 9)[0]) == 0


def test_verdicts_say_what_the_percentiles_mean() -> None:
    assert verdict(99.96, 40.0, "photo") == (
        "Very alike: closer than 99.9 % of random pairs, and than 40.0 % of pairs of the same photo."
    )
    assert verdict(97.0, None, "").startswith("Alike: closer than 97.0 %")
    assert verdict(80.0, None, "").startswith("Somewhat alike")
    assert verdict(40.0, None, "", 30).endswith("two random pictures: farther apart than 60.0 % of 30 random pairs.")
    assert verdict(3.0, 0.0, "room_type") == (
        "Unlike: farther apart than 97.0 % of random pairs; of pairs of the same room type 100 % are closer."
    )
    assert verdict(None, None, "") == "There are no other pairs to compare with."


def test_one_image_has_no_percentile_and_labels_of_use_are_found(tmp_path: Path) -> None:
    pipeline = Pipeline()
    alone = pipeline.open(folder_of(tmp_path / "alone", ["only.png"]))
    for row in pairs.compare(pipeline, alone, 0, 0, ["pixels", "ssim"]):
        assert (row.percentile, row.verdict) == (None, "There are no other pairs to compare with.")
    assert pairs.label_field(alone) == ""
    both = pipeline.open(folder_of(tmp_path / "both", ["a/1.png", "a/2.png", "b/3.png"]))
    assert pairs.label_field(both) == "label"


def test_evidence_is_kept_and_read_back(source: str) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(source)
    key = pairs.find_evidence(pipeline, collection, 0, 3, "color_histogram")
    assert key == pairs.find_evidence(pipeline, collection, 0, 3, "color_histogram")
    assert key != pairs.find_evidence(pipeline, collection, 3, 0, "color_histogram")
    kept = pairs.load_evidence(Pipeline(), key)
    assert kept is not None
    assert kept.kind == "histogram"
    assert kept.arrays["parts"].sum() == pytest.approx(
        pairs.compare(pipeline, collection, 0, 3, ["color_histogram"])[0].similarity, abs=1e-6
    )
    assert kept.bars is not None
    assert len(kept.bars.labels) == len(kept.bars.a) == len(kept.bars.b) > 1
    assert [one.pixels.ndim for one in kept.pictures] == [3, 3]
    pipeline.store.clear()
    assert pairs.load_evidence(Pipeline(), key) is None
    # This method learns from the collection first.
    learnt = pairs.find_evidence(pipeline, collection, 0, 3, "kmeans_patches:centers=8")
    found = pairs.load_evidence(pipeline, learnt)
    assert found is not None
    assert found.numbers["similarity"] == pytest.approx(
        pairs.compare(pipeline, collection, 0, 3, ["kmeans_patches:centers=8"])[0].similarity, abs=1e-5
    )


def png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def test_an_upload_is_kept_once_and_gone_is_said(workspace_root: Path, astronaut: np.ndarray) -> None:
    reference = uploads.keep(png(astronaut))
    assert uploads.keep(png(astronaut)) == reference
    assert (uploads.read(reference) == astronaut).all()
    assert uploads.is_upload(reference)
    with pytest.raises(UnreadableImageError):
        uploads.keep(b"no picture")
    for wrong in ("upload:" + "0" * 64, "upload:../../etc/passwd", "astronaut/original"):
        with pytest.raises(InputError, match="upload it again"):
            uploads.read(wrong)
    for n in range(uploads.KEPT + 3):
        uploads.keep(png(np.full((4, 4, 3), n, np.uint8)))
    assert len(list((workspace_root / "uploads").glob("*.png"))) == uploads.KEPT
    assert not list((workspace_root / "uploads").glob("*.png.*"))
    with pytest.raises(InputError):
        uploads.read(reference)


def test_the_tasks_of_the_page(source: str, astronaut: np.ndarray) -> None:
    brought = uploads.keep(png(astronaut[::4, ::4]))
    given = {"source": source, "a": "cats/1.png", "b": brought, "methods": ["pixels", "trained", "ssim"], "label": ""}
    told = pair_task.run(given, silent)
    assert [row["method"] for row in told["rows"]] == ["pixels", "ssim"]
    assert "no network has been trained" in told["failed"]["trained"]
    json.dumps(told, allow_nan=False)
    key = evidence_task.run({"source": source, "a": brought, "b": "cats/1.png", "method": "sift_vlad"}, silent)["key"]
    found = pairs.load_evidence(Pipeline(), key)
    assert found is not None
    assert found.kind == "sift_matches"
    with pytest.raises(UnknownIdError, match="image id"):
        pair_task.run({**given, "a": "cats/11.png"}, silent)


def called(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(list(arguments))
    return (code, *capsys.readouterr())


def test_the_command(capsys: pytest.CaptureFixture[str], source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from imgsim.cli import searching

    monkeypatch.setattr(searching, "_available", lambda: ["pixels", "phash", "ssim"])  # every method takes a minute
    file = str(Path(source) / "cats" / "1.png")
    code, out, _ = called(capsys, "similarity", file, "dogs/2.png", "--all", "--collection", source, "--json")
    told = json.loads(out)
    assert code == 0
    assert told["label"] == "label"
    assert [row["method"] for row in told["scores"]] == ["pixels", "phash", "ssim"]
    for row in told["scores"]:
        assert 0 <= row["percentile"] <= 100
        assert 0 <= row["same_label_percentile"] <= 100
        assert "random pairs" in row["verdict"]
    code, out, err = called(capsys, "similarity", file, "dogs/22.png", "-m", "pixels", "--collection", source)
    assert (code, out) == (2, "")
    assert "must be a file that exists" in err
    code, _, err = called(capsys, "similarity", file, file, "-m", "pixels", "--label", "lable", "--collection", source)
    assert code == 2
    assert "did you mean 'label'?" in err


def test_every_method_that_can_run_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    from imgsim.cli import searching

    able = searching._available()
    assert {"hog", "phash", "imgsim_mini", "ssim", "sift_verified"} <= set(able)
    assert "trained" not in able
