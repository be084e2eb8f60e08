"""`builtin:scans`: patches of a retina and of a stained tissue, some with a lesion of known size and contrast."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from imgsim.images.decoding import decode
from imgsim.images.sources import SOURCES, Column, Contents, Listing
from imgsim.images.sources._drawn import Drawn, package_file
from imgsim.types import Image

SIDE = 96  # of a patch in pixels
SIZES = (6, 10, 16, 24)  # diameters of lesions in pixels
CONTRASTS = (12, 24, 48)  # grey levels of 255 between a lesion and what it covers
_DARK_FROM = 96  # grey level of the ground above which a lesion is darker, below it brighter: neither is cut off
_SEED = 5
_WOBBLE = 0.18  # how far the outline strays from a circle, share of the radius

Share = npt.NDArray[np.float32]  # (SIDE, SIDE) how much of a pixel is lesion, 0 to 1


@dataclass(frozen=True)
class Tissue:
    """A picture of scikit-image, cut into square regions; patches of one region overlap, those of two never do.

    Attributes:
        file: its name.
        region: side of a region in pixels.
        disc: radius in pixels of the round part that shows something; 0 where all of it does.
        n_normal: patches without a lesion in each region.
        n_lesions: patches with one for each size and contrast, over all regions.
    """

    file: str
    region: int
    disc: int
    n_normal: int
    n_lesions: int


TISSUES = {
    "retina": Tissue("retina.jpg", 144, 640, 4, 8),
    "tissue": Tissue("ihc.png", 128, 0, 8, 6),
}


@dataclass(frozen=True)
class Patch:
    """One patch: where it is cut out, how it is turned, and its lesion; a size of 0 is none."""

    tissue: str
    region: tuple[int, int]
    corner: tuple[int, int]
    turn: int
    size: int = 0
    contrast: int = 0
    centre: tuple[float, float] = (0.0, 0.0)
    outline: tuple[float, ...] = field(default=())

    @property
    def group(self) -> str:
        """The region of the picture that it comes from."""
        return f"{self.tissue}_{self.region[0]:02d}_{self.region[1]:02d}"


@SOURCES.register
class Scans(Drawn):
    """Retina: a fundus photograph; tissue: immunohistochemistry of colonic glands (both come with scikit-image)."""

    id: ClassVar[str] = "builtin:scans"
    title: ClassVar[str] = "Scans with planted lesions"
    n_images: ClassVar[int] = 488
    description: ClassVar[str] = (
        "320 patches of a retina and of a stained tissue as they are, and 168 with a planted lesion whose place, size "
        "and contrast are known: see how small and faint a lesion a method still finds. Not for medical use."
    )

    def listing(self) -> Listing:
        """All patches; ids like `retina_02_05_n1` and `retina_02_05_s16_c24_0`."""
        table = patches()
        rows = list(table.values())
        fields: dict[str, Column] = {
            "label": ["anomalous" if one.size else "normal" for one in rows],
            "tissue": [one.tissue for one in rows],
            "lesion_size": [float(one.size) if one.size else math.nan for one in rows],
            "contrast": [float(one.contrast) if one.size else math.nan for one in rows],
            "group": [one.group for one in rows],
        }
        return self.listed(table, fields)

    def read(self, location: str) -> Contents:
        """The patch, cut out and planted now."""
        one = patches()[location]
        picture = _cut(one)
        if one.size:
            ground = float(picture[lesion(one) > 0.5].mean())
            sign = -1 if ground > _DARK_FROM else 1
            shifted = picture.astype(np.float32) + sign * one.contrast * lesion(one)[..., None]
            picture = np.rint(shifted.clip(0, 255)).astype(np.uint8)
        return np.ascontiguousarray(picture)

    def mask(self, location: str, named: str) -> Contents:  # noqa: ARG002
        """White where at least half of a pixel is lesion."""
        one = patches()[location]
        marked = lesion(one) >= 0.5 if one.size else np.zeros((SIDE, SIDE), bool)
        return np.ascontiguousarray(np.repeat(marked[..., None] * np.uint8(255), 3, axis=2))


@cache
def patches() -> dict[str, Patch]:
    """Every patch by id, the same on every machine."""
    random = np.random.default_rng(_SEED)
    return dict(pair for name in TISSUES for pair in _patches_of(name, random))


def _patches_of(name: str, random: np.random.Generator) -> Iterator[tuple[str, Patch]]:
    tissue, regions = TISSUES[name], _regions(name)
    for region in regions:
        for number in range(tissue.n_normal):
            one = _placed(name, region, random)
            yield f"{one.group}_n{number}", one
    order = [regions[i] for i in random.permutation(len(regions))]
    kinds = [(s, c, n) for s in SIZES for c in CONTRASTS for n in range(tissue.n_lesions)]
    for place, (size, contrast, number) in enumerate(kinds):
        one = _placed(name, order[place % len(order)], random, size, contrast)
        yield f"{one.group}_s{size:02d}_c{contrast}_{number}", one


def _placed(name: str, region: tuple[int, int], random: np.random.Generator, size: int = 0, contrast: int = 0) -> Patch:
    """A patch anywhere in its region, turned or mirrored; its lesion lies inside it."""
    free = TISSUES[name].region - SIDE
    corner = tuple(int(start * TISSUES[name].region + random.integers(free + 1)) for start in region)
    turn = int(random.integers(8))
    margin = size * (0.5 + _WOBBLE) + 4
    centre = tuple(float(random.uniform(margin, SIDE - margin)) for _ in range(2)) if size else (0.0, 0.0)
    outline = tuple(float(v) for v in random.uniform(-1, 1, 6)) if size else ()
    return Patch(name, region, (corner[0], corner[1]), turn, size, contrast, (centre[0], centre[1]), outline)


@cache
def _regions(name: str) -> tuple[tuple[int, int], ...]:
    """(row, column) of each region of a tissue that shows nothing but it."""
    tissue = TISSUES[name]
    height, width = _whole(name).shape[:2]
    found = []
    for row in range(height // tissue.region):
        for column in range(width // tissue.region):
            corners = [(row + a, column + b) for a in (0, 1) for b in (0, 1)]
            far = max(math.hypot(y * tissue.region - height / 2, x * tissue.region - width / 2) for y, x in corners)
            if not tissue.disc or far <= tissue.disc:
                found.append((row, column))
    return tuple(found)


@cache
def _whole(name: str) -> Image:
    return decode(package_file("skimage", "data", TISSUES[name].file))


def _cut(one: Patch) -> Image:
    y, x = one.corner
    turned = np.rot90(_whole(one.tissue)[y : y + SIDE, x : x + SIDE], one.turn % 4)
    return turned[:, ::-1] if one.turn >= 4 else turned


def lesion(one: Patch) -> Share:
    """(96, 96) the share of each pixel that is lesion: a wobbly disc with an edge about two pixels wide.

    Its area is that of a disc of the size as diameter.
    """
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    angle = np.arctan2(y - one.centre[0], x - one.centre[1])
    waves = sum(
        one.outline[2 * i] * np.cos((i + 2) * angle) + one.outline[2 * i + 1] * np.sin((i + 2) * angle)
        for i in range(len(one.outline) // 2)
    )
    strength = np.abs(np.asarray(one.outline)).sum() or 1.0
    stretch = 1 + _WOBBLE * waves / strength
    # The mean of the squared stretch is above 1 by half the squared amplitudes: the area stays that of a disc.
    even = math.sqrt(1 + (_WOBBLE / strength) ** 2 * float(np.square(one.outline).sum()) / 2)
    radius = one.size / 2 * stretch / even
    inside = radius - np.hypot(y - one.centre[0], x - one.centre[1])
    return np.asarray((inside / 2 + 0.5).clip(0, 1), np.float32)
