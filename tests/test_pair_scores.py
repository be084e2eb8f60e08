"""Pair scores: what each owes, and its numbers against scikit-image, SciPy and known geometry."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import skimage.data
from scipy.ndimage import gaussian_filter
from skimage.measure import block_reduce
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio, structural_similarity

from imgsim.pair_scores import PAIR_SCORES
from imgsim.pair_scores._verified import agreement, mutual_matches
from imgsim.pair_scores.ms_ssim import WEIGHTS
from imgsim.parameters import parameters
from imgsim.raster import grey
from tests.edges import other_values

every_score = pytest.mark.parametrize("cls", list(PAIR_SCORES), ids=lambda cls: cls.id)
verified_scores = pytest.mark.parametrize("id", ["sift_verified", "orb_verified"])


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    names = ("astronaut", "chelsea", "coffee", "rocket")
    return [np.ascontiguousarray(getattr(skimage.data, name)()) for name in names]


@pytest.fixture(scope="module")
def pair() -> tuple[np.ndarray, np.ndarray]:
    """A 256 x 256 photograph and a noisy, darker copy."""
    image = np.ascontiguousarray(skimage.data.astronaut()[:256, :256])
    noise = np.random.default_rng(0).normal(-12, 20, image.shape)
    return image, np.clip(image + noise, 0, 255).astype(np.uint8)


ODD = {
    "one pixel": np.full((1, 1, 3), 77, np.uint8),
    "black": np.zeros((60, 80, 3), np.uint8),
    "very wide": np.random.default_rng(0).integers(0, 256, (1, 5000, 3), np.uint8),
    "very tall": np.random.default_rng(1).integers(0, 256, (5000, 1, 3), np.uint8),
}


class TestContracts:
    def test_the_registry_holds_the_six(self):
        assert {cls.id for cls in PAIR_SCORES} >= {"mse", "psnr", "ssim", "ms_ssim", "sift_verified", "orb_verified"}

    @every_score
    def test_every_class_fact_is_filled_in(self, cls):
        for fact in ("id", "title", "family", "range", "sees", "blind_to", "reference", "licence"):
            assert getattr(cls, fact).strip(), fact
        assert isinstance(cls.larger_is_closer, bool)

    @every_score
    def test_the_order_of_the_two_does_not_matter(self, cls, photos):
        score = cls()
        prepared = [score.prepare(photo) for photo in [*photos[:2], photos[0][40:, 60:]]]
        for a in prepared:
            for b in prepared:
                assert score.score(a, b) == score.score(b, a)

    @every_score
    def test_no_image_is_closer_than_the_image_itself(self, cls, photos):
        score = cls()
        prepared = [score.prepare(photo) for photo in photos]
        for row, query in enumerate(prepared):
            order, scores = score.rank(query, prepared)
            assert order[0] == row
            assert order.dtype == np.int32
            assert scores.dtype == np.float32
            closeness = scores if cls.larger_is_closer else -scores
            assert closeness[0] > closeness[1]
            assert (np.diff(closeness) <= 0).all()

    @every_score
    def test_a_noisy_copy_is_closer_than_another_photo(self, cls, pair, photos):
        score = cls()
        order, _ = score.rank(score.prepare(pair[0]), [score.prepare(photo) for photo in (*photos[1:], pair[1])])
        assert order[0] == 3

    @every_score
    @pytest.mark.parametrize("name", list(ODD))
    def test_odd_images_have_finite_scores(self, cls, name, photos):
        score = cls()
        assert np.isfinite(score.compare(ODD[name], photos[0]))
        assert np.isfinite(score.compare(ODD[name], ODD[name]))

    @every_score
    def test_every_parameter_works_at_its_edges_and_changes_the_key(self, cls, pair):
        keys = {cls().key}
        for parameter in parameters(cls):
            for value in other_values(parameter):
                score = PAIR_SCORES.create(cls.id, **{parameter.name: value})
                assert score.key not in keys
                keys.add(score.key)
                assert np.isfinite(score.compare(*pair))


class TestPixelScores:
    @pytest.mark.parametrize("color", [False, True])
    def test_mse_and_psnr_are_scikit_images(self, pair, color):
        a, b = pair if color else (grey(pair[0]), grey(pair[1]))
        mse = PAIR_SCORES.create("mse", color=color).compare(*pair)
        assert mse == pytest.approx(mean_squared_error(a, b), rel=1e-6)
        psnr = PAIR_SCORES.create("psnr", color=color).compare(*pair)
        assert psnr == pytest.approx(peak_signal_noise_ratio(a, b), rel=1e-6)

    def test_by_hand(self):
        black, white = np.zeros((9, 9, 3), np.uint8), np.full((9, 9, 3), 255, np.uint8)
        dark = np.full((9, 9, 3), 51, np.uint8)  # a fifth of white
        assert PAIR_SCORES.create("mse").compare(black, white) == 255**2
        assert PAIR_SCORES.create("psnr").compare(black, white) == 0
        assert PAIR_SCORES.create("psnr").compare(black, dark) == pytest.approx(20 * np.log10(5))
        assert PAIR_SCORES.create("psnr").compare(dark, dark) == 100

    @pytest.mark.parametrize("color", [False, True])
    def test_ssim_is_scikit_images(self, pair, color):
        a, b = pair if color else (grey(pair[0]), grey(pair[1]))
        expected = structural_similarity(
            a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255,
            channel_axis=2 if color else None,
        )  # fmt: skip
        assert PAIR_SCORES.create("ssim", color=color).compare(*pair) == pytest.approx(expected, abs=1e-6)

    def test_ms_ssim_is_the_papers_formula_by_scipy(self, pair):
        a, b = grey(pair[0]).astype(float), grey(pair[1]).astype(float)
        product = 1.0
        for scale, weight in enumerate(WEIGHTS):

            def smooth(x: np.ndarray) -> np.ndarray:
                return gaussian_filter(x, 1.5, truncate=3.5)[5:-5, 5:-5]

            va, vb = smooth(a * a) - smooth(a) ** 2, smooth(b * b) - smooth(b) ** 2
            contrast = (2 * (smooth(a * b) - smooth(a) * smooth(b)) + 58.5225) / (va + vb + 58.5225)
            factor = contrast
            if scale == 4:
                factor = contrast * (2 * smooth(a) * smooth(b) + 6.5025) / (smooth(a) ** 2 + smooth(b) ** 2 + 6.5025)
            product *= factor.mean() ** weight
            a, b = block_reduce(a, (2, 2), np.mean), block_reduce(b, (2, 2), np.mean)
        assert PAIR_SCORES.create("ms_ssim").compare(*pair) == pytest.approx(product, abs=1e-5)

    def test_weights_of_the_scales_sum_to_one(self):
        assert sum(WEIGHTS) == pytest.approx(1, abs=1e-3)


class TestVerification:
    def test_mutual_matches_by_hand(self):
        angles = np.deg2rad([0, 40, 90])
        a = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        turned = np.deg2rad([91, 2, 200])
        b = np.stack([np.cos(turned), np.sin(turned)], axis=1)
        rows_a, rows_b = mutual_matches(a, b, ratio=0.8)
        assert list(zip(rows_a.tolist(), rows_b.tolist(), strict=True)) == [(0, 1), (2, 0)]

    def test_the_ratio_test_drops_what_is_not_clear(self):
        a = np.array([[1.0, 0.0]])
        twins = np.deg2rad([10, -11])
        b = np.stack([np.cos(twins), np.sin(twins)], axis=1)
        assert len(mutual_matches(a, b, ratio=0.85)[0]) == 0
        assert len(mutual_matches(a, b, ratio=0.95)[0]) == 1

    def test_a_planted_homography_is_found_among_outliers(self):
        rng = np.random.default_rng(0)
        truth = np.array([[0.9, -0.2, 30.0], [0.25, 0.95, -10.0], [2e-4, -1e-4, 1.0]])
        points = rng.uniform(0, 320, (60, 2)).astype(np.float32)
        mapped = cv2.perspectiveTransform(points[None], truth)[0]
        mapped[40:] = rng.uniform(0, 320, (20, 2))
        found = agreement(points, mapped, tolerance=2.0)
        assert 40 <= len(found.from_xy) <= 43
        np.testing.assert_allclose(found.homography / found.homography[2, 2], truth, rtol=0.02, atol=0.02)

    def test_points_that_agree_on_nothing_score_nothing(self):
        rng = np.random.default_rng(1)
        a, b = rng.uniform(0, 320, (2, 40, 2)).astype(np.float32)
        assert agreement(a, b, tolerance=2.0).homography is None

    def test_a_mapping_onto_a_line_is_not_plausible(self):
        points = np.random.default_rng(2).uniform(0, 320, (30, 2)).astype(np.float32)
        flat = points * np.float32([1, 0.001])
        assert len(agreement(points, flat, tolerance=4.0).from_xy) == 0

    @verified_scores
    def test_a_turned_shifted_copy_gives_back_its_turn(self, photos, id):
        score = PAIR_SCORES.create(id)
        truth = cv2.getRotationMatrix2D((160.0, 100.0), 20.0, 1.0)
        chelsea = cv2.resize(photos[1], (320, 213), interpolation=cv2.INTER_AREA)
        turned = cv2.warpAffine(chelsea, truth, (320, 213))
        found = score.verify(score.prepare(chelsea), score.prepare(turned))
        assert len(found.from_xy) >= 30
        mapping = found.homography / found.homography[2, 2]
        corners = np.array([[[60, 60], [260, 60], [260, 160], [60, 160]]], np.float32)
        expected = cv2.transform(corners, truth)[0]
        assert np.abs(cv2.perspectiveTransform(corners, mapping)[0] - expected).max() < 3  # pixels

    @verified_scores
    def test_other_photos_score_nothing_and_crops_score(self, photos, id):
        score = PAIR_SCORES.create(id)
        prepared = [score.prepare(photo) for photo in photos]
        for i, a in enumerate(prepared):
            for b in prepared[i + 1 :]:
                assert score.score(a, b) == 0
        crop = score.prepare(np.ascontiguousarray(photos[0][60:420, 60:420]))
        assert score.score(prepared[0], crop) >= 20

    @verified_scores
    def test_blank_images_score_nothing(self, photos, id):
        score = PAIR_SCORES.create(id)
        blank = np.full((100, 120, 3), 128, np.uint8)
        assert score.compare(blank, blank) == 0
        assert score.compare(blank, photos[0]) == 0

    @pytest.mark.shared
    def test_real_edits_are_verified_and_other_photos_are_not(self, shared_data):
        score = PAIR_SCORES.create("sift_verified")

        def prepared(folder: str) -> list[np.ndarray]:
            paths = sorted((shared_data / "pdq_neardup" / folder).glob("*.jp*g"))
            return [score.prepare(np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])) for path in paths]

        original, *edits = prepared("bridge_mods")[:6]
        assert all(score.score(original, edit) >= 50 for edit in edits)
        assert all(score.score(original, other) == 0 for other in prepared("distinct")[:4])
