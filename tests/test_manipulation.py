"""Manipulation: drawn forgeries of known place are found there, and untouched pictures stay clean."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image as Pillow

from imgsim import manipulation
from imgsim.cli import run
from imgsim.errors import InputError
from imgsim.manipulation.copies import correlation
from imgsim.manipulation.regions import Region, cleaned, regions_of
from imgsim.types import Image


def jpeg(image: Image, quality: int) -> Image:
    out = io.BytesIO()
    Pillow.fromarray(image).save(out, "JPEG", quality=quality)
    return np.asarray(Pillow.open(out).convert("RGB"))


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


@pytest.fixture(scope="module")
def coffee() -> Image:
    return np.ascontiguousarray(skimage.data.coffee())  # (400, 600, 3)


@pytest.fixture
def forged(astronaut: Image) -> tuple[Image, np.ndarray]:
    """The astronaut's face a second time, on the lower left."""
    picture, mask = astronaut.copy(), np.zeros(astronaut.shape[:2], bool)
    picture[380:480, 20:120] = astronaut[70:170, 180:280]
    mask[380:480, 20:120] = mask[70:170, 180:280] = True
    return picture, mask


def test_an_edit_is_found_where_it_is(astronaut):
    suspect = astronaut.copy()
    suspect[100:160, 300:380] = 255 - suspect[100:160, 300:380]
    truth = np.zeros(suspect.shape[:2], bool)
    truth[100:160, 300:380] = True
    found = manipulation.difference(jpeg(suspect, 85), astronaut)
    assert iou(found.mask, truth) > 0.7
    assert found.score == pytest.approx(found.mask.mean())
    assert sum(region.area for region in found.regions) == found.mask.sum()


def test_a_copy_that_was_only_saved_brightened_or_scaled_shows_no_edit(astronaut):
    brighter = np.clip(astronaut * 0.85 + 20, 0, 255).astype(np.uint8)
    smaller = np.asarray(Pillow.fromarray(astronaut).resize((300, 300), Pillow.Resampling.LANCZOS))
    for copy in (astronaut, jpeg(astronaut, 60), jpeg(brighter, 90), smaller):
        assert manipulation.difference(copy, astronaut).mask.mean() < 0.005


def test_an_edit_is_found_in_a_turned_and_cropped_copy(astronaut):
    suspect = astronaut.copy()
    suspect[200:260, 200:260] = (20, 200, 40)
    turned = np.asarray(Pillow.fromarray(suspect).rotate(8, Pillow.Resampling.BICUBIC).crop((60, 60, 460, 460)))
    truth = np.zeros(suspect.shape[:2], np.uint8)
    truth[200:260, 200:260] = 255
    expected = np.asarray(Pillow.fromarray(truth).rotate(8).crop((60, 60, 460, 460))) > 0
    assert iou(manipulation.difference(turned, astronaut).mask, expected) > 0.6


def test_another_picture_is_no_original(coffee, astronaut):
    with pytest.raises(InputError, match="must show the same scene"):
        manipulation.difference(astronaut, coffee)


def test_a_copied_region_is_found_at_both_places(forged):
    suspect, truth = forged
    found = manipulation.copy_move(jpeg(suspect, 90))
    assert iou(found.mask, truth) > 0.6
    assert found.score >= 5
    assert len(found.regions) == 2


def test_a_turned_copy_is_found(astronaut):
    suspect = astronaut.copy()
    patch = Pillow.fromarray(astronaut[60:180, 170:290]).rotate(20, Pillow.Resampling.BICUBIC)
    suspect[390:470, 20:100] = np.asarray(patch)[20:100, 20:100]
    found = manipulation.copy_move(suspect)
    assert found.mask[390:470, 20:100].mean() > 0.5
    assert found.mask[200:370].mean() < 0.05


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_an_untouched_picture_has_no_copies(name):
    found = manipulation.copy_move(np.ascontiguousarray(getattr(skimage.data, name)()))
    assert found.regions == ()
    assert found.score == 0


def test_a_blank_and_a_tiny_picture_have_nothing():
    for image in (np.full((40, 60, 3), 128, np.uint8), np.zeros((1, 1, 3), np.uint8)):
        assert manipulation.copy_move(image).regions == ()
        assert manipulation.difference(image, image).regions == ()
        assert manipulation.error_levels(image).shape == image.shape[:2]


def test_a_patch_that_was_never_compressed_stands_out_in_error_levels(astronaut):
    suspect = jpeg(jpeg(astronaut, 90), 90).copy()
    suspect[200:264, 200:264] = np.random.default_rng(0).integers(0, 255, (64, 64, 3))
    levels = manipulation.error_levels(suspect, 90)
    inside = levels[200:264, 200:264].mean()
    assert inside > 4 * np.delete(levels, slice(192, 272), axis=0).mean()
    with pytest.raises(InputError, match="quality must be 1 to 100, got 0"):
        manipulation.error_levels(suspect, 0)


def test_correlation_is_one_with_itself_and_zero_where_smooth(coffee):
    grey = np.ascontiguousarray(coffee[..., 1])
    same = correlation(grey, grey)
    assert same.max() == pytest.approx(1)
    flat = np.full_like(grey, 90)
    assert not correlation(flat, flat).any()


def test_cleaning_drops_specks_and_fills_holes():
    mask = np.zeros((60, 80), bool)
    mask[10:40, 20:60] = True
    mask[20:25, 30:35] = False
    mask[50, 5] = True
    clean = cleaned(mask, 50)
    [region] = regions_of(clean)
    assert (region.x, region.y, region.width, region.height) == (20, 10, 40, 30)
    assert region.area == clean.sum() >= 1190
    assert isinstance(region, Region)


def test_the_command_with_and_without_an_original(capsys, tmp_path: Path, forged, astronaut):
    paths = [tmp_path / name for name in ("suspect.png", "original.png", "mask.png")]
    for path, image in zip(paths, (forged[0], astronaut), strict=False):
        Pillow.fromarray(image).save(path)
    assert run(["tampering", str(paths[0]), "--original", str(paths[1]), "--mask", str(paths[2]), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["kind"] == "difference"
    assert told["mask"] == str(paths[2])
    assert told["regions"][0]["width"] == pytest.approx(100, abs=12)
    assert np.asarray(Pillow.open(paths[2])).mean() == pytest.approx(told["share"])
    assert run(["tampering", str(paths[0]), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["kind"], told["mask"], len(told["regions"])) == ("copy_move", None, 2)
    assert "not proof" in told["error_level_note"]
    assert run(["manipulation", str(tmp_path / "none.png")]) == 2


@pytest.mark.shared
def test_ten_of_thirteen_real_forgeries_are_found(shared_data: Path):
    found = 0
    for path in sorted((shared_data / "copymove_small" / "original").glob("*.jpg")):
        original = np.asarray(Pillow.open(path).convert("RGB"))
        suspect = Pillow.open(path.parent.parent / "tampered" / f"{path.stem}_.jpg").convert("RGB")
        image = np.asarray(suspect)
        if original.shape != image.shape:
            continue
        truth = np.abs(image.astype(int) - original).max(axis=2) > 40
        truth = cleaned(truth, 30, close=5)
        found += iou(manipulation.difference(image, original).mask, truth) >= 0.3
    assert found >= 10
