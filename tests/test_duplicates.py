"""Duplicates: hashes against a plain count, groups that do not chain, keepers, and scripts that are safe to run."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw

from imgsim import duplicates
from imgsim.cli import run
from imgsim.duplicates import Group, Scored, Thresholds, hamming, scoring
from imgsim.duplicates.families import Families, to_the_middle
from imgsim.duplicates.groups import components, medoid_groups
from imgsim.duplicates.judging import wilson
from imgsim.duplicates.sketches import SMALL, View, keypoints, sharpness
from imgsim.duplicates.verification import agreeing, matches
from imgsim.duplicates.votes import shared
from imgsim.images import contents, decoding
from imgsim.methods.pdq import dihedral_variants
from imgsim.pipeline import Pipeline
from imgsim.raster import keypoint_canvas, squash
from imgsim.types import Image
from imgsim.workspace import Workspace


def picture(seed: int, size: tuple[int, int] = (320, 240)) -> Pillow.Image:
    """A drawing with many corners, another one for each seed."""
    random = np.random.default_rng(seed)
    canvas = Pillow.new("RGB", size, tuple(random.integers(0, 255, 3).tolist()))
    draw = ImageDraw.Draw(canvas)
    for _ in range(90):
        x, y = random.integers(0, size[0]), random.integers(0, size[1])
        w, h = random.integers(5, 60, 2)
        draw.polygon([(x, y), (x + w, y + h // 3), (x + w // 2, y + h)], tuple(random.integers(0, 255, 3).tolist()))
    return canvas


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("copies")
    for seed in range(4):
        picture(seed).save(place / f"p{seed}.png")
    first = picture(0)
    (place / "exact.png").write_bytes((place / "p0.png").read_bytes())
    first.resize((200, 150)).save(place / "small.jpg", quality=80)
    first.transpose(Pillow.Transpose.FLIP_LEFT_RIGHT).save(place / "mirror.png")
    first.crop((50, 40, 290, 220)).save(place / "crop.png")
    for name, shade in (("blank1.png", 10), ("blank2.png", 200)):
        Pillow.new("RGB", (60, 60), (shade,) * 3).save(place / name)
    return place


@pytest.mark.parametrize("n", [40, hamming.COMPILE_FROM + 10])
def test_close_pairs_are_those_of_a_plain_count(n):
    random = np.random.default_rng(1)
    bits = random.integers(0, 2, (n, 256)).astype(np.float32)
    bits[7] = bits[3]
    bits[20] = bits[3]
    bits[20, :31] = 1 - bits[20, :31]
    bits[30] = bits[3]
    bits[30, :32] = 1 - bits[30, :32]
    words = hamming.packed(bits)
    found = hamming.close_pairs(words, words, 31)
    assert sorted(zip(found.a.tolist(), found.b.tolist(), found.bits.tolist(), strict=True)) == [
        (3, 7, 0),
        (3, 20, 31),
        (7, 20, 31),
        (20, 30, 1),
    ]


def test_more_pairs_than_fit_at_first_are_all_found():
    words = np.zeros((150, 4), np.uint64)
    assert len(hamming.close_pairs(words, words, 0).a) == 150 * 149 // 2


def test_hashes_are_turned_a_few_at_a_time(monkeypatch):
    ones = np.random.default_rng(2).random((25, 256)) < 0.5
    whole = scoring._variants(ones)
    monkeypatch.setattr(scoring, "CHUNK", 10)
    assert np.array_equal(scoring._variants(ones), whole)
    assert np.array_equal(whole[0], hamming.packed(ones))
    assert np.array_equal(whole[1:, 7], hamming.packed(dihedral_variants(ones[7].astype(np.int8)))[1:])
    assert scoring._variants(ones[:0]).shape == (8, 0, 4)


def test_a_crowd_of_pairs_is_refused(monkeypatch):
    monkeypatch.setattr(hamming, "MOST_PAIRS", 10)
    words = np.zeros((30, 4), np.uint64)
    with pytest.raises(ValueError, match="must be at most 10, got more"):
        hamming.close_pairs(words, words, 0)


def test_a_chain_is_not_one_group_and_a_star_is():
    chain = np.array([(0, 1), (1, 2), (2, 3), (3, 4)])
    assert [len(rows) for rows in components(chain, 5)] == [5]  # what single linkage would do
    groups = medoid_groups(chain, 5)
    assert groups == [[1, 0, 2], [3, 4]]
    star = np.array([(0, 2), (1, 2), (2, 3)])
    assert medoid_groups(star, 5) == [[2, 0, 1, 3]]


def test_every_member_is_linked_to_the_first_of_its_group():
    random = np.random.default_rng(3)
    pairs = np.unique(np.sort(random.integers(0, 60, (150, 2)), axis=1), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    links = {tuple(pair) for pair in pairs.tolist()}
    groups = medoid_groups(pairs, 60)
    rows = [row for group in groups for row in group]
    assert len(rows) == len(set(rows))
    for middle, *others in groups:
        assert all((min(middle, row), max(middle, row)) in links for row in others)


def scored(
    pairs: list[tuple[int, int]], bits: list[int], turn: list[int], points: list[int], first: list[int]
) -> Scored:
    ints = [np.array(values, np.int32) for values in (bits, turn, points)]
    return Scored(
        np.array(first, np.int32), np.array(pairs, np.int64), *ints, np.zeros(len(first), bool), np.zeros(len(first)), 0
    )


def test_kinds_follow_the_thresholds():
    one = scored([(0, 1), (0, 2), (3, 4)], [30, 10, 257], [0, 3, 0], [-1, 40, 15], [0, 1, 2, 3, 4, 0])
    found = duplicates.decide(one)
    assert [(p.a, p.b, p.kind, p.score) for p in found.pairs] == [
        (0, 5, "exact", 1.0),
        (0, 1, "near", 1 - 30 / 256),
        (0, 2, "transformed", 40.0),
        (3, 4, "transformed", 15.0),
    ]
    assert found.groups == (Group((0, 5, 1, 2), "transformed"), Group((3, 4), "transformed"))
    strict = duplicates.decide(one, Thresholds(bits=29, points=41))
    assert strict.groups == (Group((0, 5), "exact"),)


def views(image: Image) -> tuple[View, View]:
    """A picture and its mirror image as the verification sees them."""
    canvas = keypoint_canvas(image, 160)
    small, scale = squash(canvas, SMALL, SMALL), (canvas.shape[1] / SMALL, canvas.shape[0] / SMALL)
    plain, mirrored = keypoints(canvas)
    return View(plain, small, scale), View(mirrored, small[:, ::-1], scale)


def test_a_mirrored_picture_needs_no_second_look(astronaut: Image):
    plain, mirrored = views(astronaut)
    flipped = views(np.ascontiguousarray(astronaut[:, ::-1]))[0]
    assert agreeing(plain, flipped) == 0
    assert agreeing(mirrored, flipped) > 100


def test_a_cropped_and_mirrored_picture_agrees_and_another_one_does_not(astronaut: Image, photos: list[Image]):
    crop = views(np.ascontiguousarray(astronaut[80:400, 100:450, :][:, ::-1]))[0]
    assert agreeing(views(astronaut)[1], crop) >= 15
    assert all(agreeing(views(other)[0], crop) == 0 for other in photos[1:])


def test_pictures_that_share_a_caption_are_no_copies(astronaut: Image, photos: list[Image]):
    def captioned(image: Image) -> Image:
        picture = Pillow.fromarray(image).resize((400, 300))
        ImageDraw.Draw(picture).rectangle((0, 240, 400, 300), "white")
        ImageDraw.Draw(picture).text((20, 245), "seen today in the park", "black", font_size=34)
        return np.asarray(picture)

    first, second = (views(captioned(image))[0] for image in (astronaut, photos[1]))
    rows = matches(first.points.descriptors, second.points.descriptors)[0]
    assert len(rows) > 15  # the words agree
    assert agreeing(first, second) == 0
    assert agreeing(first, views(astronaut)[0]) >= 15


def test_matches_are_those_of_a_plain_count():
    random = np.random.default_rng(2)
    a = random.integers(0, 256, (40, 32), np.uint8)
    b = np.concatenate([a[10:20], random.integers(0, 256, (20, 32), np.uint8)])
    b[3] ^= 1  # 32 bits
    rows, others = matches(a, b)
    assert list(zip(rows.tolist(), others.tolist(), strict=True)) == [(row, row - 10) for row in range(10, 20)]


def test_pictures_that_share_descriptors_are_found_and_others_are_not():
    random = np.random.default_rng(4)
    plain = [random.integers(0, 256, (50, 32), np.uint8) for _ in range(8)]
    mirrored = [random.integers(0, 256, (50, 32), np.uint8) for _ in range(8)]
    plain[5][:20] = plain[2][:20]
    mirrored[1][:30] = plain[7][:30]
    found = shared(plain, mirrored, 3)
    assert [one.tolist() for one in found[:3]] == [[1, 2], [7, 5], [1, 0]]
    assert found.votes.tolist() == [180, 120]  # six draws
    assert len(shared([], [], 3).a) == 0


def test_a_family_is_compared_once_and_each_of_it_with_the_middle_one():
    families = Families(7, np.array([(0, 1), (1, 2)]))
    assert families.middles() == [1, 3, 4, 5, 6]
    queue = np.array([(0, 3, 0), (1, 3, 0), (3, 4, 1), (5, 6, 0), (0, 1, 0)])
    now, later = families.next(queue, tries=2)
    assert now.tolist() == [[0, 3, 0], [5, 6, 0]]
    families.join(now[:, :2])
    assert families.next(later, tries=2)[0].tolist() == [[3, 4, 1]]
    assert to_the_middle(np.array([(0, 1), (1, 2), (1, 4), (2, 3)]), 7).tolist() == [[1, 3]]


def test_the_sharper_picture_has_the_larger_sharpness(astronaut: Image):
    blurred = np.asarray(Pillow.fromarray(astronaut).resize((128, 128)).resize((512, 512)))
    assert sharpness(astronaut) > 2 * sharpness(blurred)


def test_a_picture_is_decoded_once_for_the_collection_its_copies_and_the_one_to_keep(folder, tmp_path, monkeypatch):
    opened, decode = [], decoding.decode_sized
    monkeypatch.setattr(contents, "decode_sized", lambda *args, **more: opened.append(1) or decode(*args, **more))
    found = []
    for name, start in (("one pass", duplicates.open_sketched), ("each by itself", Pipeline.open)):
        pipeline = Pipeline(Workspace(tmp_path / name))
        collection = start(pipeline, str(folder))
        scored = duplicates.score_pairs(pipeline, collection)
        kept, facts = duplicates.keepers(pipeline, collection, scored, duplicates.decide(scored).groups)
        found.append((scored.pairs.tolist(), scored.points.tolist(), kept, facts))
        assert len(opened) == len(collection) if name == "one pass" else len(opened) > len(collection)
    assert found[0] == found[1]
    assert {(one.width, one.height) for one in found[0][3].values()} >= {(320, 240), (200, 150)}


def test_all_kinds_are_found_in_a_folder(capsys, folder, tmp_path):
    files = [tmp_path / "decisions.csv", tmp_path / "move.sh"]
    assert run(["duplicates", str(folder), "--csv", str(files[0]), "--script", str(files[1]), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["n_images"] == 10
    assert told["n_too_plain"] == 2
    [group] = told["groups"]
    assert set(group["ids"]) == {"p0.png", "exact.png", "small.jpg", "mirror.png", "crop.png"}
    kinds = {frozenset((pair["a"], pair["b"])): pair["kind"] for pair in told["pairs"]}
    assert kinds[frozenset(("p0.png", "exact.png"))] == "exact"
    assert "near" in kinds.values()
    assert kinds[frozenset(("exact.png", "mirror.png"))] == "transformed"
    assert kinds[frozenset(("exact.png", "crop.png"))] == "transformed"
    assert group["keep"] not in ("small.jpg", "crop.png")
    rows = list(csv.DictReader(files[0].read_text().splitlines()))
    assert sorted(row["decision"] for row in rows) == ["copy"] * 4 + ["keep"]
    assert files[1].read_text().count("\nmv -n -- ") == 4


def test_without_candidates_only_exact_and_near_copies_are_found(capsys, folder):
    assert run(["duplicates", str(folder), "--candidates", "0", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    [group] = told["groups"]
    assert set(group["ids"]) == {"p0.png", "exact.png", "small.jpg"}


def test_one_picture_has_no_copies_and_an_empty_folder_is_refused(capsys, tmp_path):
    picture(1).save(tmp_path / "one.png")
    assert run(["duplicates", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["groups"] == told["pairs"] == []
    (tmp_path / "one.png").unlink()
    assert run(["duplicates", str(tmp_path)]) == 2


def test_a_script_with_hostile_names_moves_just_these_files(tmp_path):
    names = ["a.png", "-rf b.png", "c'$(touch broken).png", "d\ntouch broken2\n.png", 'e";touch broken3;".png']
    for name in names:
        (tmp_path / name).write_text(name)
    ids = tuple(names)
    told = duplicates.as_script([Group((0, 1, 2, 3, 4), "near")], [3], ids, lambda id: str(tmp_path / id))
    (tmp_path / "move.sh").write_text(told)
    subprocess.run(["sh", "move.sh"], cwd=tmp_path, check=True, capture_output=True)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"move.sh", names[3], "duplicates_to_review"}
    moved = sorted((tmp_path / "duplicates_to_review").iterdir())
    assert sorted(path.read_text() for path in moved) == sorted(set(names) - {names[3]})


def test_no_cell_of_the_table_is_a_formula():
    facts = {row: duplicates.Facts(4, 3, 1.0) for row in (0, 1)}
    text = duplicates.as_csv([Group((0, 1), "near")], [0], facts, ("=1+1.png", "b.png"))
    assert text.splitlines()[1] == "1,near,keep,'=1+1.png,4,3,1.0"


def test_judged_pairs_give_precision_and_recall():
    told = duplicates.judged_at([True, True, True, False], [True, True, False, True])
    assert told.precision == pytest.approx(2 / 3)
    assert told.recall == pytest.approx(2 / 3)
    assert told.n == 4
    assert wilson(2, 3) == pytest.approx((0.2077, 0.9385), abs=5e-4)  # statsmodels' proportion_confint, wilson
    nothing = duplicates.judged_at([False], [False])
    assert (nothing.precision, nothing.recall) == (None, None)
