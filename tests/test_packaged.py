"""The collections that come with imgsim: what is promised of them, and that they never change by themselves."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from imgsim.images import open_reader, packaged, scan, state
from imgsim.images.edits import EDITS
from imgsim.images.sources import open_source, products
from imgsim.images.sources.photos import PHOTOS, base_photo
from imgsim.images.sources.shapes import SHAPES, Factors, draw

SOURCES = [item.source for item in packaged()]


def test_the_photos_come_first() -> None:
    assert SOURCES[0] == "builtin:photos"
    assert {"builtin:digits", "builtin:products", "builtin:scans", "builtin:shapes"} <= set(SOURCES)


@pytest.mark.parametrize("item", packaged(), ids=SOURCES)
def test_what_is_said_of_a_collection_holds(item) -> None:
    listing = open_source(item.source).listing()
    assert len(listing.ids) == item.n_images
    assert len(set(listing.ids)) == item.n_images
    assert item.title
    assert item.description.endswith(".")


@pytest.mark.parametrize("source", SOURCES)
def test_pictures_are_the_same_every_time_and_in_every_thread(source: str) -> None:
    places = open_source(source).listing().locations[::151]
    with ThreadPoolExecutor(4) as pool:
        first = list(pool.map(open_source(source).read, places))
    for place, image in zip(places, first, strict=True):
        again = open_source(source).read(place)
        assert image.dtype == np.uint8
        assert image.ndim == 3
        assert image.flags.c_contiguous
        assert (image == again).all()
    assert state(source) == state(source)


def test_photos_are_real_and_edited_in_every_way_that_is_promised() -> None:
    assert len(PHOTOS) >= 20
    promised = "original crop rotate mirror scale blur jpeg noise brightness contrast hue grey caption frame occlusion"
    assert {edit.kind for edit in EDITS.values()} == {*promised.split(), "perspective"}
    assert 24 <= len(EDITS) <= 28
    listing = open_source("builtin:photos").listing()
    row = listing.ids.index("astronaut/rotate_15")
    assert [listing.fields[name][row] for name in ("photo", "edit", "strength")] == ["astronaut", "rotate", 15.0]
    assert len({base_photo(photo).tobytes() for photo in PHOTOS}) == len(PHOTOS)


def test_edits_do_what_their_names_say() -> None:
    photo = base_photo("coffee")
    height, width = photo.shape[:2]

    def edited(name: str) -> np.ndarray:
        return EDITS[name].apply(photo)

    assert (edited("original") == photo).all()
    assert (edited("mirror") == photo[:, ::-1]).all()
    assert (edited("rotate_90") == np.rot90(photo)).all()
    assert edited("crop_50").shape[:2] == (height // 2, width // 2)
    assert edited("scale_25").shape[:2] == (height // 4, width // 4)
    assert (edited("frame_12")[31:-31, 31:-31] == photo).all()
    assert np.ptp(edited("grey"), axis=2).max() == 0
    assert edited("brightness_55").mean() < 0.6 * photo.mean() + 1
    assert edited("contrast_50").std() < 0.6 * photo.std()
    noise = edited("noise_12").astype(float) - photo
    inside = (photo > 50) & (photo < 200)
    assert noise[inside].std() == pytest.approx(12, rel=0.03)
    covered = (edited("occlusion_12") == 128).all(axis=2).mean()
    assert covered == pytest.approx(0.12, abs=0.02)
    assert (edited("caption_18")[-4:] == 255).all()
    detail = lambda image: np.abs(np.diff(image.astype(int), axis=1)).mean()  # noqa: E731
    assert detail(edited("blur_5")) < detail(edited("blur_2")) < detail(photo)
    error = lambda name: np.abs(edited(name).astype(int) - photo).mean()  # noqa: E731
    assert error("jpeg_8") > error("jpeg_30") > 0
    perspective = edited("perspective_30")
    assert (perspective[: height // 8, -4:] == 128).all()
    assert np.corrcoef(perspective[:, 1].ravel(), photo[:, 1].ravel())[0, 1] > 0.9


def test_factors_of_the_shapes_are_balanced_and_independent() -> None:
    listing = open_source("builtin:shapes").listing()
    fields = listing.fields
    assert set(fields) == {"shape", "colour", "texture", "size", "rotation", "background"}
    pairs = Counter(zip(fields["shape"], fields["colour"], strict=True))
    assert set(pairs.values()) == {25}
    assert len(pairs) == 48
    for name in ("texture", "background"):
        counts = Counter(zip(fields["shape"], fields[name], strict=True))
        assert min(counts.values()) > 30  # 50 expected
    sizes = np.array(fields["size"])
    means = [sizes[np.array(fields["shape"]) == shape].mean() for shape in SHAPES]
    assert np.ptp(means) < 0.03


def test_a_drawn_shape_has_its_factors() -> None:
    image = draw(Factors("square", "red", "plain", 0.6, 0.0, "light", 0.5, 0.5))
    assert tuple(image[72, 72]) == (214, 45, 48)
    assert tuple(image[0, 0]) == (222, 222, 222)
    red = (image[..., 0].astype(int) - image[..., 1]) > 100
    side = 0.6 * 144 / np.sqrt(2)
    assert red.sum() == pytest.approx(side**2, rel=0.03)
    ring = draw(Factors("ring", "blue", "plain", 0.6, 0.0, "white", 0.5, 0.5))
    assert tuple(ring[72, 72]) == (250, 250, 250)
    assert len(np.unique(draw(Factors("square", "red", "stripes", 0.6, 0, "light", 0.5, 0.5))[72, 60:84], axis=0)) > 1


def test_products_have_balanced_facts_and_some_are_offered_twice_with_the_same_picture() -> None:
    listing = open_source("builtin:products").listing()
    fields = listing.fields
    assert set(fields) == {"category", "colour", "pattern", "material", "price", "listing"}
    first = [row for row, value in enumerate(fields["listing"]) if value == "first"]
    pairs = Counter((fields["category"][row], fields["colour"][row]) for row in first)
    assert set(pairs.values()) == {6}
    assert len(pairs) == 120
    assert min(Counter(fields["pattern"]).values()) > 110  # 151 expected
    again = [id for id in listing.ids if id.endswith("_again")]
    assert len(again) == 36
    of_id = dict(zip(listing.ids, fields["price"], strict=True))
    for id in again[::7]:
        first_id = id.removesuffix("_again")
        assert (products.draw(products.items()[id]) == products.draw(products.items()[first_id])).all()
        assert 0 < of_id[id] < of_id[first_id]


def test_a_drawn_product_has_its_facts() -> None:
    plain = products.items()["mug_red_00"]
    facts = {**plain.__dict__, "pattern": "plain", "tint": (1, 1, 1), "material": "paper", "mirrored": False}
    image = products.draw(products.Item(**facts)).astype(int)
    assert tuple(image[0, 0]) == products.BACKDROPS[plain.backdrop]
    red = (image[..., 0] - image[..., 1:].max(axis=2)) > 90
    assert 0.1 < red.mean() < 0.4
    turned = products.draw(products.Item(**{**facts, "mirrored": True})).astype(int)
    handle = lambda picture: np.abs(picture - picture[0, 0]).sum(axis=2)[:, 125:].sum()  # noqa: E731
    assert handle(image) > 3 * handle(turned)
    striped = products.draw(products.Item(**{**facts, "pattern": "stripes"})).astype(int)
    assert (striped != image).any(axis=2)[red].mean() > 0.3


def test_digits_are_scikit_learns_and_readable(tmp_path: Path) -> None:
    from sklearn.datasets import load_digits

    digits = load_digits()
    source = open_source("builtin:digits")
    listing = source.listing()
    assert [int(label) for label in listing.fields["label"]] == digits.target.tolist()
    image = source.read("digit_0100")
    assert image.shape == (112, 112, 3)
    blocks = image[8:-8, 8:-8, 0].reshape(8, 12, 8, 12).mean((1, 3))
    assert np.corrcoef(blocks.ravel(), -digits.images[100].ravel())[0, 1] > 0.95


def test_packaged_collections_are_scanned_and_read_again(tmp_path: Path) -> None:
    collection = scan("builtin:photos", tmp_path)
    assert len(collection) == len(PHOTOS) * len(EDITS)
    assert not collection.unreadable
    assert collection.name == "Photos and their edits"
    row = collection.row("camera/mirror")
    assert (open_reader(collection).read(row) == base_photo("camera")[:, ::-1]).all()
