"""Explanations: parts that sum to what the method says, drawings of what is there, and hand-made cases."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from imgsim import explanations, neighbors
from imgsim.explanations import EXPLANATIONS, hog_cells, patch_correspondences, sift_matches, similarity_map
from imgsim.methods import METHODS, Method
from imgsim.pair_scores import PAIR_SCORES

HISTOGRAMS = (
    "color_histogram",
    *(f"color_histogram:{p}" for p in ("distance=chi_square", "distance=hellinger,grid=2")),
)
EXACT = (*HISTOGRAMS, "color_histogram:space=lab", "hog", "hog:cell=32,bins=6", "phash", "pdq", "conse", "imgsim_mini")
OTHERS = ("pixels", "color_moments", "lbp", "gist")
EDGES = {"1 x 1": (1, 1), "strip": (3, 400), "small": (40, 30)}


@functools.cache
def method_of(spec: str) -> Method:
    return METHODS.parse(spec)


def likeness(method: Method, a: np.ndarray, b: np.ndarray) -> float:
    first, second = method.embed([a, b])
    return float(neighbors.similarity(neighbors.distance(first, second, method.metric), method.metric, method.dim))


@pytest.fixture(scope="module")
def photos(astronaut: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    import skimage.data

    return np.ascontiguousarray(astronaut[::2, ::2]), np.ascontiguousarray(skimage.data.coffee()[::2, ::2])


@pytest.mark.parametrize("spec", EXACT)
def test_the_parts_sum_to_the_similarity_of_the_method(spec: str, photos: tuple[np.ndarray, np.ndarray]) -> None:
    method, (a, b) = method_of(spec), photos
    for other in (b, a):
        evidence = explanations.explain(method, a, other)
        assert evidence.exact
        wanted = likeness(method, a, other)
        for name in {"parts", "parts_b"} & evidence.arrays.keys():
            assert evidence.arrays[name].sum() == pytest.approx(wanted, abs=2e-4)
        even = len(np.unique(np.round(evidence.arrays["parts"], 9))) == 1  # it would sum as well
        assert even == (other is a and method.metric == "hamming")


def test_the_map_of_an_averaging_network_sums_to_its_cosine_both_ways() -> None:
    import skimage.data

    a, b = np.ascontiguousarray(skimage.data.astronaut()), np.ascontiguousarray(skimage.data.coffee())
    method = METHODS.parse("squeezenet1_1:weights=random,layer=early")
    evidence = explanations.explain(method, a, b)
    assert evidence.kind == "similarity_map"
    for name in ("parts", "parts_b"):
        assert evidence.arrays[name].sum() == pytest.approx(likeness(method, a, b), abs=1e-5)


def test_a_map_of_known_vectors() -> None:
    first = np.array([[[2.0, 0.0], [0.0, 2.0]]])  # means (1, 1) and (1, 0): cosine 1 / sqrt 2
    second = np.array([[[3.0, 0.0]], [[-1.0, 0.0]]])
    found = similarity_map.parts_of(first, second)
    assert found.cosine == pytest.approx(0.5**0.5)
    assert found.a == pytest.approx(np.array([[0.5**0.5, 0.0]]))  # only the first place points the same way
    assert found.b == pytest.approx(np.array([[1.5], [-0.5]]) * 0.5**0.5)
    assert similarity_map.parts_of(first * 0, second).a.tolist() == [[0, 0]]


def test_mutual_patches_of_known_vectors() -> None:
    first = np.array([[[1.0, 0.0], [0.0, 1.0], [0.9, 0.1]]])
    second = np.array([[[0.0, 5.0]], [[1.0, 0.0]]])
    found = patch_correspondences.mutual(first, second)
    assert (found.a.tolist(), found.b.tolist()) == ([0, 1], [1, 0])  # the third place is not chosen back
    assert found.cosine == pytest.approx([1, 1])


def test_a_transformer_s_patches_find_themselves() -> None:
    import skimage.data

    image = np.ascontiguousarray(skimage.data.astronaut()[100:330, 100:330])
    method = METHODS.parse("vit_b_16:weights=random")
    evidence = explanations.explain(method, image, image)
    assert evidence.kind == "patch_correspondences"
    assert evidence.arrays["a"].tolist() == evidence.arrays["b"].tolist()
    assert len(evidence.arrays["a"]) == 14 * 14
    assert evidence.arrays["cosine"] == pytest.approx(np.ones(196), abs=1e-5)


def test_an_edge_counts_in_its_own_hog_cell() -> None:
    image = np.full((128, 128, 3), 90, np.uint8)
    image[34:46, 66:78] = 240  # inside the cell of row 2, column 4
    evidence = explanations.explain(METHODS.parse("hog"), image, image)
    assert np.unravel_index(evidence.arrays["parts"].argmax(), (8, 8)) == (2, 4)
    assert evidence.arrays["parts"][1:4, 3:6].sum() == pytest.approx(1)  # a vote is shared with the cells around
    counts = hog_cells.per_cell(METHODS.parse("hog"), np.ones(METHODS.parse("hog").dim))  # blocks that hold a cell
    assert (counts[0, 0, 0], counts[0, 3, 0], counts[3, 3, 0]) == (1, 2, 4)


@pytest.mark.parametrize(("turn", "scale"), [(0.0, 1.0), (25.0, 1.0), (-40.0, 0.7)])
def test_sift_matches_find_the_movement(turn: float, scale: float, astronaut: np.ndarray) -> None:
    import cv2

    h, w = astronaut.shape[:2]
    matrix = cv2.getRotationMatrix2D((w / 2, h / 2), -turn, scale)  # cv2 turns anticlockwise
    moved = cv2.warpAffine(astronaut, matrix, (w, h), borderValue=(128, 128, 128))
    score = PAIR_SCORES.create("sift_verified")
    evidence = explanations.explain(score, astronaut, moved)
    assert evidence.numbers["inliers"] == score.compare(astronaut, moved) > 40
    assert evidence.arrays["inlier"].sum() == evidence.numbers["inliers"]
    assert evidence.numbers["turned by (degrees)"] == pytest.approx(turn, abs=1)
    assert evidence.numbers["scale"] == pytest.approx(scale, abs=0.02)
    words = f"turned {abs(turn):.0f}° {'clockwise' if turn > 0 else 'anticlockwise'}" if turn else "where they lie"
    assert words in evidence.says
    back = explanations.explain(score, moved, astronaut)
    assert back.numbers["turned by (degrees)"] == pytest.approx(-turn, abs=1)
    assert back.numbers["scale"] == pytest.approx(1 / scale, abs=0.03)


def test_a_shift_is_said_in_percent_of_the_long_side() -> None:
    shift = np.array([[1, 0, 32], [0, 1, -16], [0, 0, 1]], float)  # pixels at a long side of 320
    found = sift_matches.movement(shift, (160, 120), (160, 120))
    assert found == pytest.approx((0, 1, 1, 10, -5))
    assert sift_matches.in_words(found) == "In the second image they are moved 10 % right and 5 % up."


def test_unrelated_photos_have_no_common_points(photos: tuple[np.ndarray, np.ndarray]) -> None:
    evidence = explanations.explain(METHODS.parse("sift_vlad"), *photos)
    assert evidence.numbers["inliers"] == 0
    assert "by chance" in evidence.says
    assert "homography" not in evidence.arrays


def test_bits_that_differ_are_red(astronaut: np.ndarray) -> None:
    method, mirrored = METHODS.parse("dhash"), np.ascontiguousarray(astronaut[:, ::-1])
    evidence = explanations.explain(method, astronaut, mirrored)
    first, second = method.embed([astronaut, mirrored])
    wrong = int((first != second).sum())
    assert evidence.numbers["bits that differ"] == wrong > 0
    picture = evidence.pictures[2].pixels
    step = picture.shape[0] // 8
    red = (picture[step // 2 :: step, step // 2 :: step] == (220, 45, 45)).all(axis=2)
    assert red[:8, :8].ravel().tolist() == (first != second).tolist()


def test_the_difference_lies_where_something_was_painted(astronaut: np.ndarray) -> None:
    painted = astronaut.copy()
    painted[0:128, 256:384] = 0  # in (256, 256) that is rows 0 to 63, columns 128 to 191
    evidence = explanations.explain(METHODS.parse("pixels"), astronaut, painted)
    difference = evidence.arrays["difference"]
    assert difference[:62, 130:190].mean() > 50
    assert difference[70:].max() == 0
    assert evidence.numbers["SSIM"] == pytest.approx(PAIR_SCORES.create("ssim").compare(astronaut, painted))
    assert evidence.arrays["ssim"][80:].min() == pytest.approx(1)


def test_a_colour_of_one_image_only_is_named() -> None:
    grey = np.full((64, 64, 3), 128, np.uint8)
    half = grey.copy()
    half[:, 32:] = (255, 0, 0)
    evidence = explanations.explain(METHODS.parse("color_histogram"), grey, half)
    assert evidence.arrays["parts"].sum() == pytest.approx(0.5)
    assert evidence.bars is not None
    assert set(evidence.bars.colors) == {"#808080", "#ff0000"}
    assert dict(zip(evidence.bars.labels, evidence.bars.b.tolist(), strict=True)) == {"#808080": 0.5, "#ff0000": 0.5}
    assert "more of its pixels" in evidence.says


def test_words_of_a_picture_and_itself_are_the_same(astronaut: np.ndarray) -> None:
    method = method_of("conse")
    evidence = explanations.explain(method, astronaut, astronaut)
    assert evidence.numbers["words in common"] == method.params["top"]
    assert evidence.arrays["parts"].sum() == pytest.approx(1, abs=1e-6)
    assert evidence.bars is not None
    assert evidence.bars.labels[0] == method.words(astronaut, 1)[0][0]  # type: ignore[attr-defined]


def test_covering_what_matters_costs_similarity() -> None:
    a = np.full((70, 70, 3), 40, np.uint8)
    a[20:30, 40:50] = 250  # the window of row 2, column 4
    evidence = EXPLANATIONS["occlusion"]().explain(METHODS.parse("pixels:normalise=false"), a, a)
    assert np.unravel_index(evidence.arrays["a"].argmax(), (7, 7)) == (2, 4)
    assert evidence.arrays["a"][2, 4] > 3 * np.abs(np.delete(evidence.arrays["a"].ravel(), 2 * 7 + 4)).max() > 0
    assert type(explanations.explanation_of(METHODS.parse("lbp"))).id == "occlusion"


@pytest.mark.parametrize("spec", [*EXACT, *OTHERS, "ssim", "sift_verified"])
@pytest.mark.parametrize("edge", EDGES.values(), ids=EDGES)
def test_every_kind_takes_pictures_of_any_size(spec: str, edge: tuple[int, int], astronaut: np.ndarray) -> None:
    if edge != EDGES["1 x 1"] and spec in ("conse", "gist"):
        pytest.skip("as the others, but slow")
    subject = PAIR_SCORES.parse(spec) if spec in PAIR_SCORES else method_of(spec)
    tiny = np.ascontiguousarray(np.resize(astronaut, (*edge, 3)))
    evidence = explanations.explain(subject, tiny, np.ascontiguousarray(astronaut[::4, ::4]))
    assert evidence.says.endswith(".")
    assert evidence.kind in EXPLANATIONS
    for picture in evidence.pictures:
        assert picture.pixels.dtype == np.uint8
        assert picture.pixels.ndim == 3
    assert all(np.isfinite(value) for value in evidence.numbers.values())
    assert "nan" not in evidence.says


def test_every_method_has_evidence_and_every_kind_is_used() -> None:
    kinds = {cls.id: type(explanations.explanation_of(cls())).id for cls in METHODS if cls.id != "timm"}
    kinds |= {cls.id: type(explanations.explanation_of(cls())).id for cls in PAIR_SCORES}
    assert set(kinds.values()) == {cls.id for cls in EXPLANATIONS}
    assert kinds["resnet50"] == kinds["imgsim_mini"] == "similarity_map"
    assert kinds["vit_b_16"] == "patch_correspondences"
    assert kinds["sift_vlad"] == kinds["sift_verified"] == "sift_matches"
    assert explanations.explanation_of(METHODS.parse("resnet50:pooling=max")).id == "patch_correspondences"
    assert all(kind.title.endswith("?") and kind.sees.endswith(".") for kind in EXPLANATIONS)


def test_what_a_method_wears_does_not_change_its_evidence(photos: tuple[np.ndarray, np.ndarray]) -> None:
    plain, worn = (explanations.explain(METHODS.parse(s), *photos) for s in ("hog", "hog+whiten:dims=8"))
    assert worn.kind == "hog_cells"
    assert (worn.arrays["parts"] == plain.arrays["parts"]).all()
