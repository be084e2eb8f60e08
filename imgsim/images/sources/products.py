"""`builtin:products`: a drawn catalogue with known category, colour, pattern, material and price, and some copies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image as Pil
from PIL import ImageDraw, ImageFilter

from imgsim.images.sources import SOURCES, Contents, Listing
from imgsim.images.sources._drawn import Drawn
from imgsim.images.sources._product_outlines import OUTLINES, Role
from imgsim.types import Image

SIDE = 160
_OVERSAMPLING = 3  # drawn this much larger, then averaged: smooth edges
_ITEMS = 60  # of each category
_COPIES = 3  # of each category are offered twice
_SEED = 5
_AGAIN = "_again"
_ROLES: tuple[Role, ...] = ("hole", "main", "trim", "light", "dark")  # the backdrop is 0
_SHADOW, _DARKNESS = (40.0, 40.0, 50.0), 60  # its colour, and how much of it, of 255

Colour = tuple[int, int, int]

COLOURS: dict[str, Colour] = {
    "red": (200, 45, 50),
    "orange": (232, 134, 38),
    "yellow": (236, 200, 62),
    "green": (58, 140, 78),
    "teal": (34, 150, 156),
    "blue": (52, 92, 186),
    "purple": (122, 70, 158),
    "pink": (228, 130, 166),
    "brown": (126, 84, 54),
    "grey": (126, 130, 138),
}
PATTERNS = ("plain", "stripes", "dots", "checks", "zigzag")
BACKDROPS: tuple[Colour, ...] = ((250, 250, 250), (238, 239, 242), (246, 241, 233))
_TEXTILES, _HARD = ("cotton", "wool", "linen"), ("ceramic", "glass", "metal")
MATERIALS = {
    **dict.fromkeys(("shirt", "dress", "trousers", "umbrella"), _TEXTILES),
    **dict.fromkeys(("shoe", "bag"), ("leather", "canvas")),
    "hat": ("wool", "straw"),
    **dict.fromkeys(("mug", "vase"), _HARD),
    "lamp": ("paper", "linen"),
    "chair": ("velvet", "leather"),
    "clock": ("metal", "plastic"),
}
PRICES = {
    "shirt": 25, "dress": 60, "trousers": 45, "shoe": 80, "hat": 20, "bag": 70,
    "umbrella": 30, "mug": 9, "vase": 28, "lamp": 55, "chair": 120, "clock": 40,
}  # fmt: skip
_DEAR = {"leather": 1.6, "wool": 1.4, "velvet": 1.3, "metal": 1.3, "glass": 1.2, "linen": 1.2}
_SHINY = {"ceramic", "glass", "metal", "leather", "plastic"}


@dataclass(frozen=True)
class Item:
    """Everything an item is made of; price in euro, scale the share of the width, x and y the shift of the centre."""

    category: str
    colour: str
    pattern: str
    material: str
    price: float
    listing: Literal["first", "again"]
    shape: tuple[float, float, float]
    tint: tuple[float, float, float]
    grain: float
    backdrop: int
    scale: float
    x: float
    y: float
    mirrored: bool


@SOURCES.register
class Products(Drawn):
    """Sixty items of each of twelve categories; the other facts are drawn independently, three items come twice."""

    id: ClassVar[str] = "builtin:products"
    title: ClassVar[str] = "Drawn products"
    n_images: ClassVar[int] = len(OUTLINES) * (_ITEMS + _COPIES)
    description: ClassVar[str] = (
        f"A drawn catalogue of {n_images} things to wear and for the home. Category, colour, pattern, material and "
        "price are known; a few items are offered twice with the very same picture."
    )

    def listing(self) -> Listing:
        """All items; ids like `mug_red_07`, and `mug_red_07_again` for one that is offered twice."""
        table = items()
        names = ("category", "colour", "pattern", "material", "price", "listing")
        return self.listed(table, {name: [getattr(item, name) for item in table.values()] for name in names})

    def read(self, location: str) -> Contents:
        """The picture, drawn now."""
        return draw(items()[location])


@cache
def items() -> dict[str, Item]:
    """Every item by id, the same on every machine."""
    rng = np.random.default_rng(_SEED)
    found: dict[str, Item] = {}
    for category in OUTLINES:
        colours = list(COLOURS) * (_ITEMS // len(COLOURS))
        own = {f"{category}_{colour}_{i:02d}": _one(rng, category, colour) for i, colour in enumerate(colours)}
        twice = {f"{id}{_AGAIN}": _again(own[id]) for id in rng.choice(sorted(own), _COPIES, replace=False).tolist()}
        found |= own | twice
    return found


def _one(rng: np.random.Generator, category: str, colour: str) -> Item:
    materials = MATERIALS[category]
    material = materials[int(rng.integers(len(materials)))]
    cost = PRICES[category] * _DEAR.get(material, 1.0) * float(np.exp(rng.normal(0, 0.25)))

    def between(low: float, high: float) -> float:
        return round(float(rng.uniform(low, high)), 3)

    return Item(
        category,
        colour,
        PATTERNS[int(rng.integers(len(PATTERNS)))],
        material,
        price=round(cost) - 0.05,
        listing="first",
        shape=(between(0, 1), between(0, 1), between(0, 1)),
        tint=(between(0.88, 1.12), between(0.88, 1.12), between(0.88, 1.12)),
        grain=between(0.75, 1.35),
        backdrop=int(rng.integers(len(BACKDROPS))),
        scale=between(0.76, 0.88),
        x=between(-0.03, 0.03),
        y=between(-0.03, 0.03),
        mirrored=bool(rng.integers(2)),
    )


def _again(item: Item) -> Item:
    """The same picture offered by another seller, a tenth cheaper."""
    return Item(**{**item.__dict__, "listing": "again", "price": round(0.9 * item.price) - 0.05})


def draw(item: Item) -> Image:
    """(160, 160, 3): the item on its backdrop, with a soft shadow below it."""
    roles = _roles(item)
    backdrop = np.full((SIDE, SIDE, 3), BACKDROPS[item.backdrop], np.float32)
    shares = {role: _share(roles, code) for code, role in enumerate(_ROLES) if code}
    covered = 1 - _share(roles, 0)
    shadow = Pil.fromarray(np.round(_DARKNESS * covered).astype(np.uint8)).filter(ImageFilter.GaussianBlur(3))
    under = np.roll(np.asarray(shadow, np.float32) / 255, (4, 3), axis=(0, 1))[..., None]
    backdrop += under * (np.array(_SHADOW, np.float32) - backdrop)
    picture = (1 - covered)[..., None] * backdrop
    for role, share in shares.items():
        if share.any():
            picture += share[..., None] * _fill(role, item)
    return np.asarray(np.clip(np.round(picture), 0, 255), np.uint8)


def _roles(item: Item) -> Pil.Image:
    """Which role each of the oversampled pixels has, as its place in `_ROLES`."""
    side = SIDE * _OVERSAMPLING
    half, flip = item.scale * side / 2, -1 if item.mirrored else 1
    canvas = Pil.new("L", (side, side))
    pen = ImageDraw.Draw(canvas)
    for points, role in OUTLINES[item.category](*item.shape):
        placed = [((0.5 + item.x) * side + flip * half * x, (0.5 + item.y) * side + half * y) for x, y in points]
        pen.polygon(placed, fill=_ROLES.index(role))
    return canvas


def _share(roles: Pil.Image, code: int) -> npt.NDArray[np.float32]:
    """(160, 160) how much of each pixel has that role, 0 to 1."""
    only = roles.point([255 if level == code else 0 for level in range(256)])
    return np.asarray(np.asarray(only.reduce(_OVERSAMPLING)) / 255, np.float32)


def _fill(role: Role, item: Item) -> npt.NDArray[np.float32]:
    """(160, 160, 3) a whole picture of what a part is made of, in its light."""
    main = _times(COLOURS[item.colour], item.tint)
    if role != "main":
        colour = {"light": (236, 232, 224), "dark": (62, 54, 50)}.get(role, _times(main, (0.66,) * 3))
        return np.asarray(colour, np.float32) * _light(item.material in _SHINY)
    side = SIDE * 2
    picture = Pil.new("RGB", (side, side), main)
    _PATTERNS[item.pattern](ImageDraw.Draw(picture), side, item.grain * side / 16, _second(main))
    return np.asarray(picture.reduce(2), np.float32) * _light(item.material in _SHINY)


@cache
def _light(shiny: bool) -> npt.NDArray[np.float32]:
    """(1, 160, 1) light from the left: a slow fall of brightness, and a bright band on what shines."""
    across = np.linspace(0, 1, SIDE, dtype=np.float32)
    light = 1.06 - 0.16 * across
    if shiny:
        light = light + 0.35 * np.exp(-(((across - 0.38) / 0.045) ** 2))
    return np.asarray(light[None, :, None], np.float32)


def _times(colour: Colour, by: tuple[float, ...]) -> Colour:
    red, green, blue = (min(255, round(level * share)) for level, share in zip(colour, by, strict=True))
    return red, green, blue


def _second(main: Colour) -> Colour:
    """The other colour of a pattern: paler on dark, darker on pale."""
    pale = sum(main) > 420
    red, green, blue = (round(level * 0.55) if pale else round(level + (255 - level) * 0.7) for level in main)
    return red, green, blue


def _plain(draw: ImageDraw.ImageDraw, side: int, step: float, colour: Colour) -> None:
    """Nothing is drawn on it."""


def _stripes(draw: ImageDraw.ImageDraw, side: int, step: float, colour: Colour) -> None:
    for i in range(int(side / step) + 1):
        draw.rectangle((0, i * step, side, i * step + 0.42 * step), fill=colour)


def _dots(draw: ImageDraw.ImageDraw, side: int, step: float, colour: Colour) -> None:
    for row in range(int(side / step) + 2):
        for column in range(int(side / step) + 2):
            x, y = (column + 0.5 * (row % 2)) * step, row * step
            draw.ellipse((x - 0.24 * step, y - 0.24 * step, x + 0.24 * step, y + 0.24 * step), fill=colour)


def _checks(draw: ImageDraw.ImageDraw, side: int, step: float, colour: Colour) -> None:
    for row in range(int(side / step) + 1):
        for column in range(row % 2, int(side / step) + 1, 2):
            draw.rectangle((column * step, row * step, (column + 1) * step - 1, (row + 1) * step - 1), fill=colour)


def _zigzag(draw: ImageDraw.ImageDraw, side: int, step: float, colour: Colour) -> None:
    for row in range(int(side / step) + 2):
        line = [(i * step / 2, row * step + (step / 2 if i % 2 else 0)) for i in range(int(2 * side / step) + 3)]
        draw.line(line, fill=colour, width=max(2, round(0.24 * step)), joint="curve")


_PATTERNS: dict[str, Callable[[ImageDraw.ImageDraw, int, float, Colour], None]] = {
    "plain": _plain,
    "stripes": _stripes,
    "dots": _dots,
    "checks": _checks,
    "zigzag": _zigzag,
}
