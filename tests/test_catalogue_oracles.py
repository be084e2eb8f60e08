"""Hashes, colour and gradient methods against independent implementations, on real photographs."""

from __future__ import annotations

import cv2
import imagehash
import numpy as np
import pytest
from PIL import Image as Pillow
from scipy.fft import dctn
from scipy.stats import moment
from skimage.color import rgb2lab
from skimage.feature import daisy, graycomatrix
from skimage.filters import gabor

from imgsim.methods.color_correlogram import autocorrelogram
from imgsim.methods.color_moments import moments
from imgsim.methods.daisy import daisy_points
from imgsim.methods.dominant_colors import dominant_colors, palette
from imgsim.methods.gist import OCTAVE, gabor_energy
from imgsim.methods.pdq import dihedral_variants, luminance, quality
from imgsim.raster import grey, squash
from tests.photographs import one


def shown(grey_image: np.ndarray) -> np.ndarray:
    return np.repeat(grey_image[..., None], 3, axis=2)


class TestHashes:
    @pytest.mark.parametrize("size", [8, 16])
    def test_ahash_is_imagehashs_bit_for_bit(self, photos, size):
        for photo in photos:
            small = squash(grey(photo), size, size)
            theirs = imagehash.average_hash(Pillow.fromarray(small), size).hash.reshape(-1)
            np.testing.assert_array_equal(one(f"ahash:hash_size={size}", shown(small)), theirs)

    @pytest.mark.parametrize("size", [8, 16])
    def test_whash_is_imagehashs_haar_transform_bit_for_bit(self, photos, size):
        for photo in photos:
            small = squash(grey(photo), size * 8, size * 8)
            theirs = imagehash.whash(Pillow.fromarray(small), size, image_scale=size * 8).hash.reshape(-1)
            differing = one(f"whash:hash_size={size}", shown(small)) != theirs
            # Two blocks of one mean sit on the median; ImageHash's transform rounds them apart.
            assert differing.sum() <= 2


class TestPdq:
    def test_bits_are_the_signs_of_scipys_cosine_transform(self, photos):
        for photo in photos:
            waves = dctn(luminance(photo), norm="ortho")[1:17, 1:17].reshape(-1)
            np.testing.assert_array_equal(one("pdq", photo), waves > np.median(waves))

    @pytest.mark.parametrize("shape", [(512, 512), (300, 451), (130, 512), (256, 256), (64, 64)])
    def test_bits_and_quality_are_those_of_the_reference_implementation(self, photos, shape):
        pdqhash = pytest.importorskip("pdqhash")
        for photo in photos:
            image = np.ascontiguousarray(cv2.resize(photo, shape[::-1], interpolation=cv2.INTER_AREA))
            bits, full = pdqhash.compute(image)
            assert (one("pdq", image) != bits[::-1]).sum() <= 2  # a strength beside the median may be rounded across
            assert quality(image) == full

    def test_quality_of_a_blank_image_is_zero_and_of_a_photo_full(self, astronaut):
        assert quality(np.full((50, 50, 3), 90, np.uint8)) == 0
        assert quality(astronaut) == 100

    def test_quality_counts_steps_of_brightness(self):
        image = np.zeros((64, 64, 3), np.uint8)
        image[:, 32:] = 255  # one step of 100 per row, split in at most two by the smoothing
        assert quality(image) == pytest.approx(64 * 100 / 90, abs=1.5)  # whole numbers, rounded down

    def test_variants_are_the_hashes_of_the_turned_and_mirrored_images(self, photos):
        for photo in photos:
            turned = [photo, photo[:, ::-1], photo[::-1], photo[::-1, ::-1]]
            turned += [image.transpose(1, 0, 2) for image in turned]
            variants = dihedral_variants(one("pdq", photo))
            assert variants.shape == (8, 256)
            differing = [(one("pdq", image) != bits).sum() for image, bits in zip(turned, variants, strict=True)]
            assert differing[0] == 0
            assert max(differing) <= 31  # PDQ's own threshold for a match; unrelated images differ in about 128
        several = np.stack([one("pdq", photo) for photo in photos])
        assert np.array_equal(dihedral_variants(several), np.stack([*map(dihedral_variants, several)], axis=1))

    @pytest.mark.shared
    def test_the_hash_that_pdqs_own_program_gives_for_a_large_photo(self, shared_data):
        published = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"  # last bit first
        image = cv2.imread(str(shared_data / "pdq_neardup" / "bridge_mods" / "aaa-orig.jpg"))[..., ::-1]
        expected = [int(bit) for bit in f"{int(published, 16):0256b}"[::-1]]
        assert (one("pdq", image) != expected).sum() <= 8  # that scales photos of over 512 pixels in another way
        assert quality(np.ascontiguousarray(image)) == 100

    @pytest.mark.shared
    def test_edits_of_one_photo_match_and_other_photos_do_not(self, shared_data):
        folder = shared_data / "pdq_neardup"

        def bits(name: str) -> np.ndarray:
            return np.stack(
                [one("pdq", cv2.imread(str(path))[..., ::-1]) for path in sorted((folder / name).glob("*.jp*g"))]
            )

        original, *edits = bits("bridge_mods")
        others = bits("distinct")
        far = (others[:, None] != others[None]).sum(axis=2)[np.triu_indices(len(others), 1)]
        near = np.array([(edit != original).sum() for edit in edits])
        assert far.min() > 80
        assert near.max() <= 31
        turned = bits("dihedral")
        variants = dihedral_variants(turned[0])
        assert all((variants != each).sum(axis=1).min() <= 31 for each in turned)


class TestColorMoments:
    def test_moments_are_scipys(self, astronaut):
        pixels = astronaut[::4, ::4].reshape(-1, 3) / 255
        expected = [pixels.mean(0), np.sqrt(moment(pixels, 2)), np.cbrt(moment(pixels, 3))]
        np.testing.assert_allclose(moments(pixels), np.concatenate(expected), atol=1e-12)

    def test_means_are_scikit_images_lab(self, astronaut):
        small = astronaut[:128, :128]
        expected = rgb2lab(small).reshape(-1, 3).mean(axis=0) / 100
        np.testing.assert_allclose(one("color_moments", small)[:3], expected, atol=2e-3)

    def test_a_grid_is_its_cells(self, astronaut):
        small = astronaut[:128, :128]
        cells = one("color_moments:grid=2", small).reshape(4, 9)
        np.testing.assert_allclose(cells[3], one("color_moments", small[64:, 64:]), atol=1e-5)


class TestColorCorrelogram:
    @pytest.mark.parametrize("distance", [1, 3])
    def test_every_pair_counted_by_hand(self, distance):
        labels = np.random.default_rng(0).integers(0, 3, (9, 7))
        expected = []
        for color in range(3):
            same = seen = 0
            for r, c in np.argwhere(labels == color):
                for other in np.ndindex(labels.shape):
                    if max(abs(other[0] - r), abs(other[1] - c)) == distance:
                        seen += 1
                        same += labels[other] == color
            expected.append(same / seen)
        np.testing.assert_allclose(autocorrelogram(labels, 3, (distance,))[0], expected, atol=1e-12)

    def test_at_distance_1_it_is_the_diagonal_of_scikit_images_cooccurrences(self, astronaut):
        labels = (grey(astronaut)[:100:2, :140:2] // 32).astype(np.uint8)
        angles = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]
        table = graycomatrix(labels, [1], angles, levels=8, symmetric=True).sum(axis=(2, 3))
        expected = np.diag(table) / np.maximum(table.sum(axis=1), 1)
        np.testing.assert_allclose(autocorrelogram(labels.astype(int), 8, (1,))[0], expected, atol=1e-12)

    def test_blobs_and_confetti_of_one_histogram_differ(self):
        blobs = np.repeat(np.repeat(np.eye(2, dtype=np.uint8) * 255, 32, 0), 32, 1)
        confetti = np.tile(np.eye(2, dtype=np.uint8) * 255, (32, 32))
        spec = "color_histogram:space=rgb"
        np.testing.assert_allclose(one(spec, shown(blobs)), one(spec, shown(confetti)))
        black, white = 0, 63
        assert one("color_correlogram", shown(blobs))[black] > 0.9
        assert one("color_correlogram", shown(confetti))[white] == pytest.approx(0.5, abs=0.02)  # the 4 diagonal of 8


class TestDominantColors:
    def test_three_stripes_are_three_colours_with_their_shares(self):
        image = np.zeros((40, 40, 3), np.uint8)
        image[:20], image[20:32], image[32:] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
        colors, shares = dominant_colors(image, 5)
        np.testing.assert_allclose(shares, [0.5, 0.3, 0.2])
        expected = rgb2lab(np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8))[0]
        np.testing.assert_allclose(colors, expected, atol=0.1)

    def test_a_colour_of_the_palette_weighs_most_on_itself(self):
        red = np.full((10, 10, 3), (255, 0, 0), np.uint8)
        vector = one("dominant_colors", red)
        assert vector.argmax() == np.abs(palette() - rgb2lab(red)[0, 0]).sum(axis=1).argmin()
        assert vector.sum() == pytest.approx(1, abs=1e-6)

    def test_a_near_shade_is_near_and_another_colour_far(self):
        def flat(*rgb: int) -> np.ndarray:
            return one("dominant_colors", np.full((10, 10, 3), rgb, np.uint8))

        def distance(a: np.ndarray, b: np.ndarray) -> float:
            return float(np.sqrt(max(0.0, 1 - np.sqrt(a * b).sum())))

        assert distance(flat(200, 40, 40), flat(205, 45, 35)) < 0.15
        assert distance(flat(200, 40, 40), flat(40, 40, 200)) > 0.9


class TestGist:
    def test_filters_are_scikit_images_gabor_filters(self, astronaut):
        image = squash(grey(astronaut), 128, 128).astype(np.float32) / 255
        energy = gabor_energy(image, 3, 4).reshape(3, 4, 128, 128)
        for scale, turn in [(0, 0), (1, 1), (2, 3)]:
            frequency = 0.25 / 2**scale
            real, imaginary = gabor(
                image, frequency, np.pi * turn / 4, sigma_x=OCTAVE / frequency, sigma_y=OCTAVE / frequency,
                n_stds=6, mode="wrap",
            )  # fmt: skip
            np.testing.assert_allclose(energy[scale, turn], np.hypot(real, imaginary), atol=2e-3)

    @pytest.mark.parametrize(("scale", "turn"), [(0, 0), (1, 4), (2, 2), (3, 6)])
    def test_stripes_answer_to_the_filter_of_their_size_and_direction(self, scale, turn):
        frequency, angle = 0.25 / 2**scale, np.pi * turn / 8
        y, x = np.mgrid[:128, :128]
        wave = np.sin(2 * np.pi * frequency * (x * np.cos(angle) + y * np.sin(angle)))
        vector = one("gist", shown((128 + 100 * wave).astype(np.uint8)))
        assert vector.reshape(4, 8, 16).mean(axis=2).argmax() == scale * 8 + turn


class TestDaisy:
    def test_descriptors_are_scikit_images(self, astronaut):
        image = squash(grey(astronaut), 128, 128).astype(np.float32) / 255
        theirs = daisy(image, step=20, radius=15, rings=2, histograms=8, orientations=8, normalization="off")
        # scikit-image smooths ring by ring with the centre's width first: [s0, s0, s1]
        grid = np.stack(np.meshgrid(*(15 + 20 * np.arange(n) for n in theirs.shape[:2]), indexing="ij"), axis=-1)
        ours = daisy_points(image, grid.reshape(-1, 2), 15, 2, 8).reshape(theirs.shape)
        np.testing.assert_allclose(ours, theirs, atol=1e-3 * theirs.max())
