"""The outlines of the drawn products: each category is a few polygons on a square from -1 to 1, x right and y down.

A category is a function of three numbers from 0 to 1, its proportions, so that no two items need be alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

Points = list[tuple[float, float]]
Role = Literal["main", "trim", "light", "dark", "hole"]  # cloth, its darker edge, pale, nearly black, background


class Part(NamedTuple):
    """One polygon and what it is filled with; later parts lie on top."""

    points: Points
    role: Role = "main"


Outline = Callable[[float, float, float], list[Part]]


def _arc(x: float, y: float, rx: float, ry: float, start: float = 0.0, end: float = 360.0) -> Points:
    """Along an ellipse, in degrees clockwise from the right."""
    n = max(12, round(abs(end - start) / 4))
    steps = [math.radians(start + (end - start) * i / n) for i in range(n + 1)]
    return [(x + rx * math.cos(t), y + ry * math.sin(t)) for t in steps]


def _band(x: float, y: float, rx: float, ry: float, width: float, start: float = 0.0, end: float = 360.0) -> Points:
    """Between two ellipses."""
    return _arc(x, y, rx, ry, start, end) + _arc(x, y, rx - width, ry - width, end, start)


def _box(left: float, top: float, right: float, bottom: float) -> Points:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _line(x0: float, y0: float, x1: float, y1: float, width: float) -> Points:
    length = math.hypot(x1 - x0, y1 - y0)
    dx, dy = -(y1 - y0) / length * width / 2, (x1 - x0) / length * width / 2
    return [(x0 + dx, y0 + dy), (x1 + dx, y1 + dy), (x1 - dx, y1 - dy), (x0 - dx, y0 - dy)]


def _mirrored(points: Points) -> Points:
    """The left half, from top to bottom, joined with its mirror image."""
    return points + [(-x, y) for x, y in reversed(points)]


def _curve(points: Points, n: int = 14) -> Points:
    """A smooth line through the points (Catmull & Rom 1974)."""
    line = [points[0], *points, points[-1]]
    found = []
    for p, q, r, s in zip(line, line[1:], line[2:], line[3:], strict=False):
        for t in (i / n for i in range(n)):
            weights = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3)
            x, y = (sum(w * point[axis] for w, point in zip(weights, (p, q, r, s), strict=True)) / 2 for axis in (0, 1))
            found.append((x, y))
    return [*found, points[-1]]


def _shirt(a: float, b: float, c: float) -> list[Part]:
    """Sleeves from short to long; width; depth of the neck."""
    w, reach, neck = 0.4 + 0.12 * b, 0.3 + 0.62 * a, 0.1 + 0.2 * c
    body = _mirrored([(-0.2, -0.76), (-w - 0.02, -0.64), (-w, -0.2), (-w + 0.02, 0.8)])
    end_x, end_y = -w - 0.42 * reach, -0.6 + 1.25 * reach
    sleeve = [(-w - 0.02, -0.64), (end_x - 0.1, end_y - 0.06), (end_x + 0.14, end_y + 0.1), (-w, -0.12)]
    cuff = _line(end_x - 0.1, end_y - 0.06, end_x + 0.14, end_y + 0.1, 0.06)
    both = [
        Part(sleeve),
        Part([(-x, y) for x, y in sleeve]),
        Part(cuff, "trim"),
        Part([(-x, y) for x, y in cuff], "trim"),
    ]
    collar = _arc(0, -0.77, 0.26, neck + 0.07, 0, 180)
    return [*both, Part(body), Part(collar, "trim"), Part(_arc(0, -0.78, 0.2, neck, 0, 180), "hole")]


def _dress(a: float, b: float, c: float) -> list[Part]:
    """Length; flare of the skirt; where the waist is."""
    hem, flare, waist = 0.35 + 0.5 * a, 0.34 + 0.4 * b, -0.2 + 0.15 * c
    half = [
        (-0.2, -0.84),
        (-0.27, -0.84),
        (-0.3, -0.55),
        (-0.21, waist),
        *_curve([(-0.21, waist), (-flare * 0.7, (waist + hem) / 2), (-flare, hem)]),
    ]
    parts = [Part(_mirrored(half)), Part(_arc(0, -0.84, 0.2, 0.22, 0, 180), "hole")]
    return [*parts, Part(_box(-0.22, waist - 0.04, 0.22, waist + 0.05), "trim")]


def _trousers(a: float, b: float, c: float) -> list[Part]:
    """Length, from shorts; width of the legs; their flare."""
    hem, leg = 0.05 + 0.8 * a, 0.2 + 0.12 * b
    foot = leg + 0.14 * (c - 0.4) * a
    left = [(-0.36, -0.8), (-0.42, -0.35), (-0.26 - foot, hem), (-0.24 + foot * 0.4, hem), (0, -0.22), (0, -0.8)]
    legs = [Part(left), Part([(-x, y) for x, y in left])]
    return [*legs, Part(_box(-0.37, -0.84, 0.37, -0.72), "trim"), Part(_box(-0.012, -0.72, 0.012, -0.3), "trim")]


def _shoe(a: float, b: float, c: float) -> list[Part]:
    """Shaft from low to boot; thickness of the sole; pointedness of the toe."""
    top, sole, toe = -0.05 - 0.7 * a, 0.08 + 0.14 * b, 0.84 + 0.1 * c
    upper = [
        (-0.8, top),
        (-0.2 + 0.05 * a, top),
        *_curve([(-0.2, min(top + 0.14, 0.0)), (0.05, 0.06), (0.5, 0.18), (toe, 0.42)]),
        (toe, 0.5),
        (-0.86, 0.5),
    ]
    laces = [
        Part(_line(-0.22 + 0.13 * i, 0.0 + 0.05 * i, -0.06 + 0.13 * i, -0.03 + 0.06 * i, 0.035), "light")
        for i in range(4)
    ]
    cap = [*_curve([(0.55, 0.2), (0.72, 0.29), (toe, 0.43)]), (toe, 0.5), (0.5, 0.5)]
    return [
        Part(upper),
        Part(cap, "trim"),
        *laces,
        Part([(-0.9, 0.5), (toe + 0.05, 0.5), (toe, 0.5 + sole), (-0.88, 0.5 + sole)], "light" if c > 0.5 else "dark"),
    ]


def _hat(a: float, b: float, c: float) -> list[Part]:
    """Height of the crown; width of the brim; how round the crown is."""
    top, brim, side = -0.12 - 0.5 * a, 0.6 + 0.34 * b, 0.36 + 0.08 * c
    crown = [
        (-side - 0.06, 0.3),
        *_curve(
            [
                (-side, 0.2),
                (-side + 0.04, top + 0.1 + 0.2 * c),
                (-0.2, top),
                (0.2, top),
                (side - 0.04, top + 0.1 + 0.2 * c),
                (side, 0.2),
            ]
        ),
        (side + 0.06, 0.3),
    ]
    return [
        Part(_arc(0, 0.3, brim, 0.15)),
        Part(crown),
        Part([(-side - 0.05, 0.12), (side + 0.05, 0.12), (side + 0.06, 0.3), (-side - 0.06, 0.3)], "trim"),
    ]


def _bag(a: float, b: float, c: float) -> list[Part]:
    """Height; how much wider the bottom is; length of the handles."""
    top, foot, handle = -0.35 + 0.3 * (1 - a), 0.62 + 0.2 * b, 0.3 + 0.35 * c
    body = [(-0.6, top), (0.6, top), (foot, 0.7), (foot - 0.08, 0.78), (-foot + 0.08, 0.78), (-foot, 0.7)]
    return [
        Part(_band(0, top, 0.34, handle, 0.07, 180, 360), "dark"),
        Part(body),
        Part(_box(-0.62, top - 0.02, 0.62, top + 0.1), "trim"),
        Part(_arc(0, top + 0.14, 0.07, 0.07), "light"),
    ]


def _umbrella(a: float, b: float, c: float) -> list[Part]:
    """Height of the canopy; width; how far the stick reaches."""
    rise, w, foot = 0.5 + 0.3 * a, 0.72 + 0.2 * b, 0.5 + 0.25 * c
    edge: Points = []
    for i in range(4):
        edge += _arc(w - (2 * i + 1) * w / 4, 0.02, w / 4, 0.13, 360, 180)
    hook = _band(0.12, foot, 0.155, 0.155, 0.07, 0, 180)
    ribs = [Part(_line(0, 0.02 - rise, x * w, -0.02, 0.018), "trim") for x in (-0.5, 0.001, 0.5)]
    return [
        Part(_box(-0.035, -0.1, 0.035, foot), "dark"),
        Part(hook, "dark"),
        Part(_arc(0, 0.02, w, rise, 180, 360) + edge),
        *ribs,
        Part(_box(-0.025, -0.08 - rise, 0.025, 0.04 - rise), "dark"),
    ]


def _mug(a: float, b: float, c: float) -> list[Part]:
    """Height; width; taper to the foot."""
    top, w, foot = -0.25 - 0.35 * a, 0.4 + 0.14 * b, 0.08 + 0.22 * c
    handle = _band(w - 0.04, (top + 0.55) / 2, 0.36, 0.34, 0.11, -95, 95)
    body = [
        (-w, top),
        (w, top),
        *_curve([(w, top), (w, 0.3), (w - foot, 0.68)]),
        *_arc(0, 0.66, w - foot, 0.09, 0, 180),
        *_curve([(-w + foot, 0.68), (-w, 0.3), (-w, top)]),
    ]
    return [
        Part(handle, "trim"),
        Part(body),
        Part(_arc(0, top, w, 0.1), "trim"),
        Part(_arc(0, top + 0.01, w - 0.06, 0.065), "dark"),
    ]


def _vase(a: float, b: float, c: float) -> list[Part]:
    """Width of the belly; where it is; width of the neck."""
    belly, where, neck = 0.36 + 0.3 * a, -0.1 + 0.5 * b, 0.1 + 0.16 * c
    half = _curve(
        [(-neck - 0.1, -0.82), (-neck, -0.6), (-neck - 0.04, -0.42), (-belly, where), (-0.3, 0.66), (-0.26, 0.82)]
    )
    return [
        Part(_mirrored(half)),
        Part(_arc(0, -0.82, neck + 0.1, 0.07), "trim"),
        Part(_arc(0, -0.815, neck + 0.05, 0.04), "dark"),
    ]


def _lamp(a: float, b: float, c: float) -> list[Part]:
    """Height of the shade; its slope; width of the foot."""
    tall, slope, foot = 0.45 + 0.3 * a, 0.1 + 0.28 * b, 0.26 + 0.16 * c
    shade = [(-0.58 + slope, -0.82), (0.58 - slope, -0.82), (0.62, -0.82 + tall), (-0.62, -0.82 + tall)]
    stand = [
        Part(_box(-0.045, -0.4, 0.045, 0.74), "dark"),
        Part([*_arc(0, 0.78, foot, 0.1, 180, 360), (-foot, 0.82), (foot, 0.82)], "dark"),
    ]
    return [*stand, Part(shade), Part(_box(-0.62, -0.86 + tall, 0.62, -0.8 + tall), "trim")]


def _chair(a: float, b: float, c: float) -> list[Part]:
    """Height of the back; thickness of the seat; spread of the legs."""
    top, seat, spread = -0.45 - 0.4 * a, 0.1 + 0.1 * b, 0.02 + 0.16 * c
    legs = [Part(_line(x, 0.2, x * (1 + spread), 0.88, 0.09), "dark") for x in (-0.44, 0.5)]
    rear = [Part(_line(x, 0.2, x * (1 + spread), 0.72, 0.07), "dark") for x in (-0.28, 0.32)]
    back = [(-0.44, top + 0.1), (-0.36, top), (0.36, top), (0.42, top + 0.1), (0.38, 0.02), (-0.4, 0.02)]
    posts = [Part(_line(x, -0.1, x, 0.2, 0.07), "dark") for x in (-0.34, 0.33)]
    return [
        *rear,
        *legs,
        *posts,
        Part(back),
        Part([(-0.42, 0.1), (0.42, 0.1), (0.56, 0.1 + seat), (-0.54, 0.1 + seat)]),
        Part(_box(-0.54, 0.1 + seat, 0.56, 0.16 + seat), "trim"),
    ]


def _clock(a: float, b: float, c: float) -> list[Part]:
    """From round to square; thickness of the frame; the hour."""
    r, width, hour = 0.8, 0.12 + 0.14 * b, math.radians(360 * c - 90)
    if a < 0.6:
        frame, face = _arc(0, 0, r, r), _arc(0, 0, r - width, r - width)
    else:
        frame, face = _box(-r, -r, r, r), _box(width - r, width - r, r - width, r - width)
    minute, inner = hour * 12, r - width
    marks = [
        Part(
            _line(
                0.8 * inner * math.cos(t),
                0.8 * inner * math.sin(t),
                0.93 * inner * math.cos(t),
                0.93 * inner * math.sin(t),
                0.05,
            ),
            "dark",
        )
        for t in (math.radians(30 * i) for i in range(12))
    ]
    hands = [
        Part(_line(0, 0, length * inner * math.cos(t), length * inner * math.sin(t), thick), "dark")
        for t, length, thick in ((hour, 0.45, 0.08), (minute, 0.7, 0.05))
    ]
    return [Part(frame), Part(face, "light"), *marks, *hands, Part(_arc(0, 0, 0.06, 0.06), "dark")]


OUTLINES: Mapping[str, Outline] = {
    "shirt": _shirt,
    "dress": _dress,
    "trousers": _trousers,
    "shoe": _shoe,
    "hat": _hat,
    "bag": _bag,
    "umbrella": _umbrella,
    "mug": _mug,
    "vase": _vase,
    "lamp": _lamp,
    "chair": _chair,
    "clock": _clock,
}
