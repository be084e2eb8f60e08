"""The classical methods against independent implementations, on real photographs."""

from __future__ import annotations

import imagehash
import numpy as np
import pytest
import skimage.data
from PIL import Image as Pillow
from scipy.stats import spearmanr
from skimage.color import rgb2hsv, rgb2lab
from skimage.feature import hog, multiblock_lbp
from skimage.measure import block_reduce
from skimage.transform import integral_image
from sklearn.cluster import KMeans
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.metrics import pairwise_distances_argmin

from imgsim.methods import METHODS
from imgsim.methods._kmeans import kmeans, nearest_center
from imgsim.methods._sift import root_sift, sift_descriptors
from imgsim.methods._vocabulary import sample_rows
from imgsim.methods.lbp import patterns, uniform_labels
from imgsim.methods.sift_vlad import residual_sums
from imgsim.raster import grey, scale_to, squash
from tests.photographs import one


@pytest.fixture(scope="module")
def descriptors(photos) -> list[np.ndarray]:
    return [sift_descriptors(photo, 200) for photo in photos]


class TestResizing:
    def test_shrinking_takes_the_mean_of_each_area(self, astronaut):
        blocks = block_reduce(astronaut, (64, 32, 1), np.mean)
        np.testing.assert_allclose(squash(astronaut, width=16, height=8), blocks, atol=0.51)

    def test_a_line_is_averaged_along_its_length_although_its_height_grows(self):
        line = np.tile(np.array([0, 200], np.uint8), 2500)[None, :]  # (1, 5000), every pixel next to its opposite
        np.testing.assert_array_equal(squash(line, 10, 10), 100)

    def test_aspect_ratio_is_kept_where_a_pixel_allows_it(self):
        assert scale_to(np.zeros((30, 60, 3), np.uint8), 100).shape == (50, 100, 3)
        assert scale_to(np.zeros((1, 5000, 3), np.uint8), 320).shape == (1, 320, 3)


class TestPixels:
    def test_plain_values_are_area_means(self, astronaut):
        blocks = block_reduce(astronaut / 255, (32, 32, 1), np.mean)
        vector = one("pixels:size=16,normalise=no", astronaut)
        np.testing.assert_allclose(vector, blocks.reshape(-1), atol=0.6 / 255)

    def test_cosine_of_normalised_vectors_is_the_correlation(self, photos):
        plain = [one("pixels:normalise=no,color=no", photo) for photo in photos]
        normalised = np.stack([one("pixels:color=no", photo) for photo in photos])
        np.testing.assert_allclose(normalised @ normalised.T, np.corrcoef(plain), atol=1e-5)


class TestColorHistogram:
    def test_rgb_is_numpys_joint_histogram(self, astronaut):
        small = np.ascontiguousarray(astronaut[::2, ::2])
        counts = np.histogramdd(small.reshape(-1, 3), bins=[8] * 3, range=[(0, 256)] * 3)[0]
        np.testing.assert_allclose(
            one("color_histogram:space=rgb,bins=8", small), counts.reshape(-1) / counts.sum(), atol=1e-7
        )

    @pytest.mark.parametrize(
        ("space", "convert", "ranges"),
        [
            ("hsv", lambda rgb: np.mod(rgb2hsv(rgb) + np.array([1 / 8, 0, 0]), [1, 2, 2]), [(0, 1)] * 3),
            ("lab", rgb2lab, [(0, 100.4), (-160, 96), (-160, 96)]),
        ],
    )
    def test_hsv_and_lab_agree_with_scikit_image(self, photos, space, convert, ranges):
        for photo in photos:
            small = np.ascontiguousarray(photo[:256, :256])
            counts = np.histogramdd(convert(small).reshape(-1, 3), bins=[4] * 3, range=ranges)[0]
            vector = one(f"color_histogram:space={space},bins=4", small)
            common = np.minimum(vector, counts.reshape(-1) / counts.sum()).sum()
            assert common > 0.95  # OpenCV rounds to 8 bits first

    @pytest.mark.parametrize(("space", "colour"), [("hsv", (200, 30, 30)), ("lab", (128, 128, 128))])
    @pytest.mark.parametrize("bins", [4, 5, 8])
    def test_noise_does_not_split_reds_or_greys_between_bins(self, space, bins, colour):
        noisy = np.array(colour) + np.random.default_rng(0).integers(-3, 4, (50, 50, 3))
        assert one(f"color_histogram:space={space},bins={bins}", noisy.astype(np.uint8)).max() > 0.9

    def test_a_grid_puts_cells_side_by_side_at_equal_weight(self, astronaut):
        small = np.ascontiguousarray(astronaut[:200, :100])
        whole = one("color_histogram:grid=2", small).reshape(4, -1)
        quarters = [small[:100, :50], small[:100, 50:], small[100:, :50], small[100:, 50:]]
        for cell, quarter in zip(whole, quarters, strict=True):
            np.testing.assert_allclose(cell * 4, one("color_histogram", quarter), atol=1e-6)


class TestHog:
    def test_ranks_pairs_of_photos_like_scikit_image(self, photos):
        tiles = [np.ascontiguousarray(p[y : y + 128, x : x + 128]) for p in photos for y in (0, 150) for x in (20, 180)]
        tiles = [tile for tile in tiles if tile.shape == (128, 128, 3)]
        ours = np.stack([one("hog", tile) for tile in tiles])
        theirs = np.stack([hog(grey(t), 9, (16, 16), (2, 2), "L2-Hys", transform_sqrt=False) for t in tiles])
        assert ours.shape == theirs.shape
        pairs = np.triu_indices(len(tiles), 1)
        assert spearmanr(_cosines(ours)[pairs], _cosines(theirs)[pairs]).statistic > 0.9

    @pytest.mark.parametrize(("turned", "expected"), [(False, {0, 8}), (True, {4})])
    def test_stripes_fall_into_the_bin_of_their_gradient(self, turned, expected):
        stripes = np.tile(np.repeat([0, 255], 8).astype(np.uint8), (128, 8))  # gradient along x: 0 degrees
        stripes = stripes.T if turned else stripes
        image = np.repeat(np.ascontiguousarray(stripes)[..., None], 3, axis=2)
        energy = (one("hog", image).reshape(-1, 9) ** 2).sum(axis=0)
        strong = set(np.flatnonzero(energy > 0.2 * energy.max()).tolist())
        assert strong == expected


def _cosines(vectors: np.ndarray) -> np.ndarray:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit @ unit.T


class TestLbp:
    def test_codes_are_those_of_scikit_image(self, photos):
        """multiblock_lbp with 1 x 1 blocks is the 8-neighbour code; it starts elsewhere, so classes are compared."""
        for photo in photos:
            image = grey(np.ascontiguousarray(photo[60:92, 60:92]))
            table = integral_image(image)
            theirs = np.array(
                [
                    [multiblock_lbp(table, r, c, 1, 1) for c in range(image.shape[1] - 2)]
                    for r in range(image.shape[0] - 2)
                ]
            )
            ours = patterns(image, 1)[1:-1, 1:-1]
            # One of our labels belongs to one of their codes, except 58, which holds all that are not uniform.
            pairs = np.unique(np.stack([ours.ravel(), theirs.ravel()]), axis=1)
            uniform = pairs[:, pairs[0] != 58]
            assert len(set(uniform[0])) == len(set(uniform[1])) == uniform.shape[1]
            assert not set(uniform[1]) & set(pairs[1, pairs[0] == 58])
            for label, code in uniform.T:
                assert int(np.flatnonzero(uniform_labels() == label)[0]).bit_count() == int(code).bit_count()

    def test_there_are_58_uniform_patterns(self):
        def changes(code: int) -> int:
            ring = f"{code:08b}"
            return sum(a != b for a, b in zip(ring, ring[1:] + ring[0], strict=True))

        for code in range(256):
            assert (uniform_labels()[code] == 58) == (changes(code) > 2)
        assert len(np.unique(uniform_labels())) == 59

    def test_a_bright_dot_and_its_surroundings(self):
        image = np.zeros((5, 5), np.uint8)
        image[2, 2] = 9
        labels = patterns(image, 1)
        assert labels[2, 2] == uniform_labels()[0]  # nothing round it is as bright
        flat = uniform_labels()[255]
        assert (labels == flat).sum() == 24

    def test_brightness_and_contrast_do_not_count(self, astronaut):
        darker = (astronaut.astype(np.int32) // 2 * 2 // 2).astype(np.uint8)  # a monotone change keeps most orders
        distance = 0.5 * np.abs(one("lbp", astronaut) - one("lbp", darker)).sum()
        other = 0.5 * np.abs(one("lbp", astronaut) - one("lbp", skimage.data.coffee())).sum()
        assert distance < 0.5 * other


class TestVocabulary:
    def test_kmeans_ends_where_scikit_learn_ends_from_the_same_start(self, descriptors):
        points = root_sift(np.concatenate(descriptors))
        start = points[:20].copy()
        theirs = KMeans(20, init=start, n_init=1, max_iter=25, tol=0, algorithm="lloyd").fit(points)
        ours = start
        from imgsim.methods._kmeans import _means

        for _ in range(theirs.n_iter_):
            ours = _means(points, nearest_center(points, ours), ours)
        np.testing.assert_allclose(ours, theirs.cluster_centers_, atol=1e-4)

    def test_the_seeded_start_is_as_good_as_scikit_learns(self, descriptors):
        points = root_sift(np.concatenate(descriptors))
        centers = kmeans(points, 32, seed=0)
        inertia = ((points - centers[nearest_center(points, centers)]) ** 2).sum()
        assert inertia < 1.02 * KMeans(32, n_init=1, random_state=0).fit(points).inertia_

    def test_nearest_center_is_scikit_learns(self, descriptors):
        points = root_sift(np.concatenate(descriptors))
        np.testing.assert_array_equal(
            nearest_center(points, points[:50]), pairwise_distances_argmin(points, points[:50])
        )

    def test_more_centers_than_points_leaves_copies_that_win_nothing(self):
        points = np.array([[0.0, 0.0], [1.0, 1.0]], np.float32)
        centers = kmeans(points, 5, seed=0)
        assert centers.shape == (5, 2)
        assert set(nearest_center(points, centers).tolist()) == {0, 1}

    def test_the_sample_takes_rows_of_all_images_and_none_twice(self):
        arrays = [np.arange(i * 10, i * 10 + n)[:, None] for i, n in enumerate((3, 0, 5))]
        everything = sample_rows(arrays, 100, seed=0).ravel()
        assert everything.tolist() == [0, 1, 2, 20, 21, 22, 23, 24]
        some = sample_rows(arrays, 4, seed=0).ravel().tolist()
        assert len(set(some)) == 4
        assert set(some) <= set(everything.tolist())


class TestKeypoints:
    def test_root_sift_dot_product_is_the_hellinger_kernel(self, descriptors):
        a, b = descriptors[0][:40].astype(float), descriptors[1][:30].astype(float)
        shares_a, shares_b = a / a.sum(1, keepdims=True), b / b.sum(1, keepdims=True)
        kernel = np.sqrt(shares_a[:, None] * shares_b[None]).sum(axis=2)
        roots = root_sift(descriptors[0][:40]) @ root_sift(descriptors[1][:30]).T
        np.testing.assert_allclose(roots, kernel, atol=1e-5)

    def test_bag_of_words_is_scikit_learns_tf_idf(self, descriptors):
        method = METHODS.parse("sift_bovw:words=32").fit(descriptors)
        words = method.fitted_arrays()["vocabulary"]
        counts = [np.bincount(pairwise_distances_argmin(root_sift(d), words), minlength=32) for d in descriptors]
        np.testing.assert_allclose(
            method.embed_batch(descriptors), TfidfTransformer().fit_transform(counts).toarray(), atol=1e-5
        )

    @pytest.mark.parametrize("normalisation", ["intra", "power"])
    def test_vlad_word_by_word(self, descriptors, normalisation):
        method = METHODS.parse(f"sift_vlad:words=8,normalisation={normalisation}").fit(descriptors)
        words = method.fitted_arrays()["vocabulary"]
        for d, vector in zip(descriptors, method.embed_batch(descriptors), strict=True):
            points = root_sift(d)
            nearest = pairwise_distances_argmin(points, words)
            sums = [(points[nearest == i] - words[i]).sum(axis=0) for i in range(8)]
            if normalisation == "intra":
                parts = [s / max(np.linalg.norm(s), 1e-12) for s in sums]
            else:
                parts = [np.sign(s) * np.sqrt(np.abs(s)) for s in sums]
            expected = np.concatenate(parts)
            np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-4)

    def test_residuals_of_known_points(self):
        centers = np.array([[0, 0], [10, 0]], np.float32)
        points = np.array([[1, 1], [2, -1], [9, 3]], np.float32)
        np.testing.assert_allclose(residual_sums(points, centers), [[3, 0], [-1, 3]])

    @pytest.mark.parametrize("spec", ["sift_bovw:words=64", "sift_vlad:words=8"])
    def test_a_turned_and_shrunk_photo_is_nearest_to_itself(self, photos, descriptors, spec):
        turned = [np.ascontiguousarray(np.rot90(photo)[::2, ::2]) for photo in photos]
        method = METHODS.parse(spec.replace(":", ":keypoints=200,")).fit(descriptors)
        similarity = method.embed_batch(descriptors) @ method.embed(turned).T
        np.testing.assert_array_equal(similarity.argmax(axis=1), np.arange(len(photos)))


class TestHashes:
    def test_dhash_of_a_small_grey_picture_is_imagehashs_bit_for_bit(self):
        for seed in range(20):
            small = np.random.default_rng(seed).integers(0, 256, (8, 9), np.uint8)
            theirs = imagehash.dhash(Pillow.fromarray(small)).hash.reshape(-1)
            np.testing.assert_array_equal(one("dhash", np.repeat(small[..., None], 3, axis=2)), theirs)

    def test_phash_of_a_small_grey_picture_is_imagehashs_bit_for_bit(self, photos):
        for photo in photos:
            small = squash(grey(photo), 32, 32)
            theirs = imagehash.phash(Pillow.fromarray(small)).hash.reshape(-1)
            np.testing.assert_array_equal(one("phash", np.repeat(small[..., None], 3, axis=2)), theirs)

    @pytest.mark.parametrize(("id", "theirs"), [("phash", imagehash.phash), ("dhash", imagehash.dhash)])
    def test_hashes_of_photos_differ_from_imagehashs_by_the_resize_alone(self, photos, id, theirs):
        differing = [(one(id, p) != theirs(Pillow.fromarray(p)).hash.reshape(-1)).sum() for p in photos]
        assert max(differing) <= 12  # bits of 64; two different photos differ in about 32
        assert np.mean(differing) <= 7
