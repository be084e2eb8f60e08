"""Methods that learn from the collection, against scikit-learn and scikit-image, and by hand."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from skimage.feature import fisher_vector
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture

from imgsim.methods import METHODS
from imgsim.methods._mixture import FLOOR, Mixture, fit_mixture, maximised, responsibilities
from imgsim.methods._sift import root_sift, sift_descriptors
from imgsim.methods.fisher_vector import gradients
from imgsim.methods.kmeans_patches import all_patches, normalised, triangle
from imgsim.principal import principal_axes
from imgsim.raster import grey, squash


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    names = ("astronaut", "chelsea", "coffee", "rocket", "immunohistochemistry")
    return [np.ascontiguousarray(getattr(skimage.data, name)()) for name in names]


@pytest.fixture(scope="module")
def points(photos) -> np.ndarray:
    """(n, 16) reduced descriptors."""
    rows = np.concatenate([root_sift(sift_descriptors(photo, 150)) for photo in photos[:3]])
    mean, axes, _ = principal_axes(rows, 16)
    return (rows - mean) @ axes.T


def given_to_scikit_learn(mixture: Mixture) -> GaussianMixture:
    model = GaussianMixture(len(mixture.weights), covariance_type="diag")
    model.weights_, model.means_, model.covariances_ = mixture
    model.precisions_cholesky_ = 1 / np.sqrt(mixture.variances)
    return model


class TestPrincipalAxes:
    @pytest.mark.parametrize("n_points", [400, 20])
    def test_axes_and_variances_are_scikit_learns(self, n_points):
        rng = np.random.default_rng(0)
        points = rng.normal(size=(n_points, 30)) * np.linspace(5, 0.5, 30)
        mean, axes, variances = principal_axes(points, 8)
        theirs = PCA(8, svd_solver="full").fit(points)
        np.testing.assert_allclose(mean, theirs.mean_, atol=1e-5)
        np.testing.assert_allclose(variances, theirs.explained_variance_, rtol=1e-4)
        np.testing.assert_allclose(np.abs((axes * theirs.components_).sum(axis=1)), 1, atol=1e-4)

    def test_directions_without_variance_are_zero(self):
        line = np.outer(np.arange(5), [3.0, 4.0, 0.0])
        _, axes, variances = principal_axes(line, 3)
        np.testing.assert_allclose(axes, [[0.6, 0.8, 0], [0, 0, 0], [0, 0, 0]], atol=1e-6)
        np.testing.assert_allclose(variances, [25 * np.var(np.arange(5), ddof=1), 0, 0], atol=1e-4)


class TestMixture:
    def test_responsibilities_are_scikit_learns(self, points):
        mixture = fit_mixture(points, 4, seed=0, iterations=3)
        theirs = given_to_scikit_learn(mixture).predict_proba(points.astype(np.float64))
        np.testing.assert_allclose(responsibilities(points, mixture), theirs, atol=1e-6)

    def test_maximisation_is_scikit_learns(self, points):
        shares = np.random.default_rng(0).dirichlet(np.ones(4), len(points))
        start = maximised(points, shares)
        model = GaussianMixture(
            4, covariance_type="diag", max_iter=1, reg_covar=0, tol=0,
            weights_init=start.weights, means_init=start.means, precisions_init=1 / start.variances,
        )  # fmt: skip
        with pytest.warns(UserWarning, match="converge"):
            model.fit(points.astype(np.float64))
        ours = maximised(points, responsibilities(points, start))
        np.testing.assert_allclose(ours.weights, model.weights_, atol=1e-6)
        np.testing.assert_allclose(ours.means, model.means_, atol=1e-5)
        np.testing.assert_allclose(ours.variances, np.maximum(model.covariances_, FLOOR), atol=1e-5)

    def test_it_is_as_likely_as_scikit_learns(self, points):
        ours = given_to_scikit_learn(fit_mixture(points, 8, seed=0)).score(points)
        theirs = GaussianMixture(8, covariance_type="diag", random_state=0, max_iter=200).fit(points).score(points)
        assert ours > theirs - 0.02 * abs(theirs)


class TestFisherVector:
    def test_gradients_are_scikit_images(self, points):
        mixture = fit_mixture(points, 4, seed=0)
        some = points[:60].astype(np.float64)
        theirs = fisher_vector(some, given_to_scikit_learn(mixture))[4:]  # the first 4 are by the weights
        by_mean, by_variance = np.split(gradients(some, mixture), 2)
        np.testing.assert_allclose(by_mean, theirs[: by_mean.size], atol=1e-6)
        # scikit-image has the opposite sign here, which changes no distance
        np.testing.assert_allclose(by_variance, -theirs[by_mean.size :], atol=1e-6)

    def test_points_drawn_like_the_mixture_pull_nowhere(self):
        mixture = Mixture(np.array([0.5, 0.5]), np.array([[0.0], [100.0]]), np.array([[1.0], [1.0]]))
        even = np.array([[-1.0], [1.0], [99.0], [101.0]])
        np.testing.assert_allclose(gradients(even, mixture), 0, atol=1e-9)
        moved = gradients(even + np.array([[2.0], [2.0], [0.0], [0.0]]), mixture)
        np.testing.assert_allclose(moved[:2], [2 * 2 / (4 * np.sqrt(0.5)), 0], atol=1e-9)

    @pytest.mark.parametrize("spec", ["fisher_vector:words=8,keypoints=200", "orb_bovw:words=64,keypoints=200"])
    def test_a_turned_photo_is_nearest_to_itself(self, photos, spec):
        method = METHODS.parse(spec)
        prepared = [method.prepare(photo) for photo in photos]
        method = method.fit(prepared)
        turned = method.embed([np.ascontiguousarray(np.rot90(photo)) for photo in photos])
        np.testing.assert_array_equal((method.embed_batch(prepared) @ turned.T).argmax(axis=1), range(len(photos)))


class TestEigenimages:
    @pytest.mark.parametrize("whiten", [False, True])
    def test_coordinates_are_scikit_learns(self, photos, whiten):
        tiles = [photo[y : y + 64, x : x + 64] for photo in photos for y in (0, 80, 160) for x in (0, 90, 180, 270)]
        method = METHODS.create("eigenimages", components=6, size=8, whiten=whiten)
        prepared = [method.prepare(tile) for tile in tiles]
        ours = method.fit(prepared).embed_batch(prepared)
        small = np.stack([squash(grey(tile), 8, 8).reshape(-1) for tile in tiles]) / 255
        theirs = PCA(6, whiten=whiten, svd_solver="full").fit_transform(small)
        np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=1e-4 * np.abs(theirs).max())

    def test_distances_to_all_components_are_those_of_the_images(self, photos):
        method = METHODS.create("eigenimages", components=5, size=16)
        prepared = [method.prepare(photo) for photo in photos]
        vectors = method.fit(prepared).embed_batch(prepared)
        expected = np.linalg.norm((prepared[0].astype(float) - prepared[1]) / 255)
        assert np.linalg.norm(vectors[0] - vectors[1]) == pytest.approx(expected, rel=1e-4)


class TestKmeansPatches:
    def test_patches_are_the_image_row_by_row(self):
        image = np.arange(5 * 4 * 3).reshape(5, 4, 3)
        patches = all_patches(image, 3)
        assert patches.shape == (3 * 2, 27)
        np.testing.assert_array_equal(patches[3], image[1:4, 1:4].reshape(-1))

    def test_contrast_is_evened_out_but_flat_patches_stay_flat(self):
        flat, strong = np.full(12, 200), np.tile([0, 200], 6)
        result = normalised(np.stack([flat, strong]))
        np.testing.assert_allclose(result[0], 0)
        np.testing.assert_allclose(result[1], np.tile([-1, 1], 6) * 100 / np.sqrt(100**2 + 10), rtol=1e-6)

    def test_triangle_by_hand(self):
        centers = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
        # distances of the origin 0, 3, 4: mean 7/3
        np.testing.assert_allclose(triangle(np.zeros((1, 2)), centers), [[7 / 3, 0, 0]], atol=1e-9)

    def test_whitened_patches_have_even_variance(self, photos):
        method = METHODS.create("kmeans_patches", centers=8)
        fitted = method.fit([method.prepare(photo) for photo in photos]).fitted_arrays()
        patches = np.concatenate([normalised(all_patches(squash(photo, 32, 32), 6)) for photo in photos])
        white = (patches - fitted["mean"]) @ fitted["whitening"]
        before, after = (np.linalg.eigvalsh(np.cov(rows.T)) for rows in (patches, white))
        assert before[-1] / before[-20] > 20
        assert after[-1] / after[-20] < 5

    def test_quarters_keep_the_place(self, photos):
        method = METHODS.create("kmeans_patches", centers=16)
        method = method.fit([method.prepare(photo) for photo in photos])
        quarters = method.embed([photos[0]])[0].reshape(4, 16)
        mirrored = method.embed([np.ascontiguousarray(np.vstack([photos[0][256:], photos[0][:256]]))])[0].reshape(4, 16)
        swapped = np.abs(quarters - mirrored[[2, 3, 0, 1]]).sum()
        assert swapped < 0.5 * np.abs(quarters - mirrored).sum()
