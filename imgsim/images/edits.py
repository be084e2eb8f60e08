"""Edits of a photograph, of known kind and strength; each is a pure function of (H, W, 3) uint8 RGB."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image as Pil
from PIL import ImageDraw, ImageEnhance, ImageFilter, ImageFont

from imgsim.types import Image

_BACKDROP = (128, 128, 128)


@dataclass(frozen=True)
class Edit:
    """One edit.

    Attributes:
        kind: what is done.
        strength: how much, in the unit of the kind (0 for the unedited picture).
        apply: (H, W, 3) uint8 -> (H', W', 3) uint8.
    """

    kind: str
    strength: float
    apply: Callable[[Image], Image]


def _picture(edit: Callable[[Pil.Image, float], Pil.Image], strength: float, image: Image) -> Image:
    return np.asarray(edit(Pil.fromarray(image), strength).convert("RGB"))


def _crop(picture: Pil.Image, percent: float) -> Pil.Image:
    """Remove that percentage of each side length, half on either end."""
    dx, dy = (round(side * percent / 200) for side in picture.size)
    return picture.crop((dx, dy, picture.width - dx, picture.height - dy))


def _rotate(picture: Pil.Image, degrees: float) -> Pil.Image:
    expand = degrees % 90 == 0
    return picture.rotate(degrees, Pil.Resampling.BICUBIC, expand=expand, fillcolor=_BACKDROP)


def _mirror(picture: Pil.Image, _: float) -> Pil.Image:
    return picture.transpose(Pil.Transpose.FLIP_LEFT_RIGHT)


def _scale(picture: Pil.Image, percent: float) -> Pil.Image:
    size = tuple(max(1, round(side * percent / 100)) for side in picture.size)
    return picture.resize(size, Pil.Resampling.LANCZOS)  # type: ignore[arg-type]


def _blur(picture: Pil.Image, radius: float) -> Pil.Image:
    return picture.filter(ImageFilter.GaussianBlur(radius))


def _jpeg(picture: Pil.Image, quality: float) -> Pil.Image:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=round(quality))
    return Pil.open(out)


def _noise(picture: Pil.Image, sigma: float) -> Pil.Image:
    """Gaussian, standard deviation `sigma` grey levels; the same noise every time."""
    values = np.asarray(picture, np.float32)
    noise = np.random.default_rng(7).standard_normal(values.shape, np.float32)
    return Pil.fromarray(np.clip(values + sigma * noise + 0.5, 0, 255).astype(np.uint8))


def _brightness(picture: Pil.Image, percent: float) -> Pil.Image:
    return ImageEnhance.Brightness(picture).enhance(percent / 100)


def _contrast(picture: Pil.Image, percent: float) -> Pil.Image:
    return ImageEnhance.Contrast(picture).enhance(percent / 100)


def _hue(picture: Pil.Image, degrees: float) -> Pil.Image:
    hue, saturation, value = picture.convert("HSV").split()
    turned = hue.point([(level + round(degrees / 360 * 256)) % 256 for level in range(256)])
    return Pil.merge("HSV", (turned, saturation, value))


def _grey(picture: Pil.Image, _: float) -> Pil.Image:
    return picture.convert("L")


def _caption(picture: Pil.Image, percent: float) -> Pil.Image:
    """A white bar with words over the lowest `percent` of the height."""
    picture = picture.copy()
    draw = ImageDraw.Draw(picture)
    top = round(picture.height * (1 - percent / 100))
    draw.rectangle((0, top, picture.width, picture.height), fill="white")
    size = max(8, (picture.height - top) * 0.55)
    draw.text(
        (picture.width / 2, (top + picture.height) / 2),
        "seen today",
        "black",
        ImageFont.load_default(size),
        anchor="mm",
    )
    return picture


def _frame(picture: Pil.Image, percent: float) -> Pil.Image:
    border = round(min(picture.size) * percent / 100)
    framed = Pil.new("RGB", (picture.width + 2 * border, picture.height + 2 * border), (25, 25, 25))
    framed.paste(picture, (border, border))
    return framed


def _occlusion(picture: Pil.Image, percent: float) -> Pil.Image:
    """A grey square over `percent` of the area, a little off the centre."""
    picture = picture.copy()
    side = (picture.width * picture.height * percent / 100) ** 0.5
    x, y = 0.45 * (picture.width - side), 0.55 * (picture.height - side)
    ImageDraw.Draw(picture).rectangle((x, y, x + side, y + side), fill=_BACKDROP)
    return picture


def _perspective(picture: Pil.Image, percent: float) -> Pil.Image:
    """Seen from the side: the right edge shrinks by `percent` of the height."""
    width, height = picture.size
    inset = height * percent / 200
    source = [(0, 0), (width, 0), (width, height), (0, height)]
    target = [(0, 0), (width, inset), (width, height - inset), (0, height)]
    coefficients = _homography(target, source)
    return picture.transform(
        picture.size, Pil.Transform.PERSPECTIVE, coefficients, Pil.Resampling.BICUBIC, fillcolor=_BACKDROP
    )


def _homography(points: Sequence[tuple[float, float]], onto: Sequence[tuple[float, float]]) -> list[float]:
    """The 8 coefficients that take four points onto four others (direct linear transform)."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(points, onto, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    values = [value for point in onto for value in point]
    return [float(c) for c in np.linalg.solve(np.array(rows), np.array(values))]


_KINDS: tuple[tuple[str, Callable[[Pil.Image, float], Pil.Image], tuple[float, ...]], ...] = (
    ("crop", _crop, (10, 25, 50)),
    ("rotate", _rotate, (5, 15, 90)),
    ("mirror", _mirror, (1,)),
    ("scale", _scale, (25, 50)),
    ("blur", _blur, (2, 5)),
    ("jpeg", _jpeg, (8, 30)),
    ("noise", _noise, (12, 35)),
    ("brightness", _brightness, (55, 150)),
    ("contrast", _contrast, (50, 170)),
    ("hue", _hue, (60,)),
    ("grey", _grey, (1,)),
    ("caption", _caption, (18,)),
    ("frame", _frame, (12,)),
    ("occlusion", _occlusion, (12,)),
    ("perspective", _perspective, (30,)),
)

DRAW = {kind: draw for kind, draw, _ in _KINDS}  # by kind: (picture, strength in the unit of the kind) -> picture

_SWITCHES = ("mirror", "grey")  # done or not: no strength in their name

EDITS: dict[str, Edit] = {"original": Edit("original", 0.0, lambda image: image)} | {
    kind if kind in _SWITCHES else f"{kind}_{strength:g}": Edit(
        kind, float(strength), partial(_picture, draw, strength)
    )
    for kind, draw, strengths in _KINDS
    for strength in strengths
}
