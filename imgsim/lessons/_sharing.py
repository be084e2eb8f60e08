"""What near pictures of the drawn shapes have in common: the factors they are made of."""

from __future__ import annotations

from imgsim.lessons.blocks import Bars, Pictures, Shown
from imgsim.lessons.lab import Lab, same_by_chance
from imgsim.methods import METHODS
from imgsim.types import Ints

FACTORS = ("shape", "colour", "texture", "background")


def shared(lab: Lab, method: str, k: int, id: str = "") -> dict[str, float]:
    """By factor the share of the k nearest, of all images or of one, that have its value."""
    near = lab.nearest(method, k)
    rows = [lab.collection.rows[id]] if id else list(range(len(near)))
    return {name: _agreement(lab, name, near, rows) for name in FACTORS}


def chance(lab: Lab) -> dict[str, float]:
    """By factor the share of random pairs of different images that have the same value."""
    return {name: same_by_chance(lab.collection.field(name)) for name in FACTORS}


def sharing_bars(lab: Lab, method: str, k: int) -> Bars:
    """The factors as bars, over all images; the line is what two random pictures share of the shape."""
    found = {name.capitalize(): value for name, value in shared(lab, method, k).items()}
    line = ("two random pictures, shape", chance(lab)["shape"])
    title = METHODS.parse(method).title
    return Bars(f"What the {k} nearest share, by {title}", found, f"share of the {k} nearest, all pictures", line)


def nearest_row(lab: Lab, method: str, k: int, id: str) -> Pictures:
    """The nearest of an image, marked where they have its shape."""
    row, shape = lab.collection.rows[id], lab.collection.field("shape")
    items = [Shown(id, source=lab.source, tag="query")]
    for other in lab.nearest(method, k)[row]:
        same = bool(shape[other] == shape[row])
        items.append(Shown(lab.collection.ids[other], source=lab.source, mark="hit" if same else "miss"))
    return Pictures(f"The {k} nearest; a tick where the shape is the same", tuple(items))


def _agreement(lab: Lab, name: str, near: Ints, rows: list[int]) -> float:
    values = lab.collection.field(name)
    return float((values[near[rows]] == values[rows][:, None]).mean())
